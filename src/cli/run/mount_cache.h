// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/cache/cache_directory.h"
#include "pailfs/fs/file_system.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// Where bytes are kept that lost against another client's: below use_cache, else below tmpdir; one
/// directory for each user and bucket.
std::string conflicts_directory(const Options& options);

/// The identity of the bucket among those that share one use_cache directory.
std::string cache_identity(const Options& options);

/// The cache directory of this mount (CacheDirectory), locked until this is destroyed; emptied at
/// beginning and end with del_cache. One thread.
class MountCache final {
 public:
  /// Takes the directory and puts it into `settings`. Without use_cache, or when it cannot be
  /// taken, `settings` stays as it is, and the mount keeps nothing beyond its end.
  MountCache(const Options& options, fs::Config& settings);
  ~MountCache();
  /// Why the directory could not be taken; empty if it was, or was not wanted.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  MountCache(const MountCache&) = delete;
  MountCache& operator=(const MountCache&) = delete;

 private:
  const bool forgets_;
  std::unique_ptr<cache::CacheDirectory> directory_;
  std::string trouble_;
};

}  // namespace pailfs::cli
