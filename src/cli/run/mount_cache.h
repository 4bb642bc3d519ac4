// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/cache/cache_directory.h"
#include "pailfs/fs/file_system.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// What names the bucket among those that keep something in one use_cache directory.
std::string cache_identity(const Options& options);

/// The directory in which this mount keeps things between its lives, locked until this is
/// destroyed; emptied at both ends with del_cache.
class MountCache final {
 public:
  /// Takes it and tells `settings`. Without use_cache, or where it cannot be had, `settings` stays
  /// as it is: the mount only forgets more.
  MountCache(const Options& options, fs::Config& settings);
  ~MountCache();
  /// Why it could not be had; empty if it was, or was not asked for.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  MountCache(const MountCache&) = delete;
  MountCache& operator=(const MountCache&) = delete;

 private:
  const bool forgets_;
  std::unique_ptr<cache::CacheDirectory> directory_;
  std::string trouble_;
};

}  // namespace pailfs::cli
