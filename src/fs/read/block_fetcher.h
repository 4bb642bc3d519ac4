// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pailfs/cache/block_cache.h"
#include "pailfs/cache/disk_blocks.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/worker_pool.h"

#include "disk_copies.h"
#include "link_estimate.h"
#include "version.h"

namespace pailfs::fs {

/// Brings stretches of objects into the block cache, one GET each, pinned to the version (law L5).
/// A reader that waits for a block gets its bytes as they come. Blocks with a copy on the disk are
/// read from there, and fetched ones are copied there. One for all open files of a mount; any
/// thread may call any member. Must outlive the tasks of its pool.
class BlockFetcher final {
 public:
  /// `disk`: null without `use_cache`.
  BlockFetcher(store::ObjectStore& store, WorkerPool& pool, cache::BlockCache& cache,
               cache::DiskBlocks* disk, const Clock& clock)
      : store_(store), pool_(pool), cache_(cache), disk_(disk), clock_(clock) {}

  /// The blocks of that version, shared by all readers that open it; without an ETag the caller's
  /// alone.
  cache::BlockCache::ObjectPtr open(const Version& version);

  /// For a reader that waits for the blocks of `wanted`, of which the first is missing: fetches the
  /// run of missing ones, up to `extended` if memory allows, on this thread or on the pool. Returns
  /// the first of them, which tells how its fetch went even when it has failed and is forgotten
  /// already; null when another thread was quicker to fetch it. ENOMEM when there is no memory at
  /// all.
  Result<cache::BlockPtr> fetch_wanted(const cache::BlockCache::ObjectPtr& object,
                                       const Version& version, Range wanted,
                                       std::uint64_t extended);
  /// Fetches the missing blocks of `range` in the background, one request for each `part`.
  void fetch_ahead(const cache::BlockCache::ObjectPtr& object, const Version& version, Range range,
                   std::uint64_t part);

  /// Fetches the whole of a small object, of at least one byte; returns the attributes in the
  /// reply. ENOMEM when its blocks are there already or cannot be kept, ESTALE when it is another
  /// version.
  Result<store::ObjectInfo> fetch_whole(const Version& version);

  /// Tells that we have made this version just now: blocks known of an object with the same key,
  /// ETag and size are not its bytes. An ETag proves equal bytes only where it is a hash of them,
  /// and some services let an object keep the one that it had before it was replaced.
  void forget(const Version& version);

  /// Forgets the blocks of all versions of the objects at and below `key`, in memory and on the
  /// disk, but for versions that a reader has open.
  void forget_below(const std::string& key);

  /// The copies of blocks on the disk.
  [[nodiscard]] DiskCopies& disk() { return disk_; }
  /// Latency and rate of the store, as the fetches so far have shown them.
  [[nodiscard]] const LinkEstimate& link() const { return link_; }

 private:
  struct Fetch;
  class Sink;

  void run(const Fetch& fetch);
  /// Asks the store for the bytes behind the first `had` blocks. `turn` ends when they are kept.
  Result<store::ObjectInfo> perform(const Fetch& fetch, std::uint64_t had,
                                    DiskCopies::Turn turn = {});
  /// Ends the fetch for all readers that wait; its blocks behind the first `complete` are dropped.
  static void end(const Fetch& fetch, std::uint64_t complete, const Status& status);

  store::ObjectStore& store_;
  WorkerPool& pool_;
  cache::BlockCache& cache_;
  DiskCopies disk_;
  const Clock& clock_;
  LinkEstimate link_;
  std::atomic<std::uint64_t> nameless_ = 0;  ///< versions without an ETag so far
};

}  // namespace pailfs::fs
