// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/cache/cache_directory.h"
#include "pailfs/cache/disk_blocks.h"
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
  /// Takes the directories and puts them into `settings`: that of the blocks, which all mounts
  /// share, and the mount's own. Those that cannot be taken stay as they are there, and the mount
  /// keeps bytes or attributes no longer than it lives.
  MountCache(const Options& options, fs::Config& settings);
  ~MountCache();
  /// Why a directory could not be taken; empty if both were, or none was wanted.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  MountCache(const MountCache&) = delete;
  MountCache& operator=(const MountCache&) = delete;

 private:
  const bool forgets_;
  cache::DiskBlocks::Config blocks_;  // no directory: none are kept
  std::unique_ptr<cache::CacheDirectory> directory_;
  std::string trouble_;
};

}  // namespace pailfs::cli
