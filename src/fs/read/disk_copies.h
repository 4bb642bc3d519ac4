// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pailfs/cache/block_cache.h"
#include "pailfs/cache/disk_blocks.h"
#include "pailfs/util/file.h"

#include "version.h"

namespace pailfs::fs {

/// Copies of fetched blocks on the local disk (`use_cache`), for later reads and later mounts.
/// Nothing is kept of a version without an ETag, for nothing would find it again. No call ever
/// fails a read: a block that cannot be kept or read is fetched from the store. Any thread may call
/// any member; a call takes as long as the disk does.
class DiskCopies final {
 public:
  /// `disk`: null without `use_cache`; then every call does nothing. Must outlive this object.
  explicit DiskCopies(cache::DiskBlocks* disk) : disk_(disk) {}

  /// Reads the version's blocks from block `first` on into `blocks`, up to the first one that is
  /// not on the disk, telling `arrival` after each. How many blocks were read.
  std::uint64_t load(const Version& version, std::uint64_t first,
                     std::span<const cache::BlockPtr> blocks, cache::Arrival& arrival);
  /// The right to fetch blocks of a version, among all mounts that keep copies in one directory.
  struct Turn {
    std::unique_ptr<cache::DiskBlocks::Version> files;  ///< null: there are none
    bool waited = false;  ///< another mount was fetching some of them: they may be on the disk now
  };
  /// Waits while another mount fetches any of these blocks, as long as `wanted` says, and no longer
  /// than some seconds: a mount that hangs holds up no other for long, and a dead one at all.
  Turn await_turn(const Version& version, const cache::BlockCache::Object& object,
                  std::uint64_t first, std::uint64_t count, const std::function<bool()>& wanted);

  /// Keeps whole blocks of the version, from block `first` on; none when `object`, whose blocks
  /// they are, has been forgotten, nor while the disk is far behind the store. `turn`, if there is
  /// one, was that of their fetch.
  void keep(const Version& version, const cache::BlockCache::Object& object, std::uint64_t first,
            std::span<const cache::BlockPtr> blocks, Turn turn);
  void keep(const Version& version, const cache::BlockCache::Object& object, std::uint64_t first,
            std::span<const cache::BlockPtr> blocks) {
    keep(version, object, first, blocks, Turn());
  }
  /// The kept bytes are not this version's any more.
  void forget(const Version& version);
  /// Forgets all versions of the objects at and below `key` but those with the identities `but`.
  void forget_below(const std::string& key, std::vector<std::string> but);
  /// The version as a local file; none unless all of it is on the disk and was seen to be right.
  UniqueFd whole(const Version& version);

 private:
  cache::DiskBlocks* const disk_;
  std::atomic<unsigned> writers_ = 0;  ///< calls of keep() at work
};

}  // namespace pailfs::fs
