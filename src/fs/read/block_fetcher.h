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

#include "link_estimate.h"
#include "read_ahead_budget.h"

namespace pailfs::fs {

/// The version of an object that reads are pinned to.
struct Version {
  store::Key key;
  store::ETag etag;
  std::uint64_t size = 0;
};

/// An object of so many bytes is fetched whole, and kept whole when it was written here.
inline constexpr std::uint64_t kSmallObject = 128U << 10U;

/// Brings stretches of objects into the block cache, one GET each, pinned to the version (law L5);
/// their readers get bytes as they come; or from the disk, where what was fetched is kept if `kept`
/// is not null. Shared by all open files of a mount; any thread. Must outlive its pool's tasks.
class BlockFetcher final {
 public:
  BlockFetcher(store::ObjectStore& store, WorkerPool& pool, cache::BlockCache& cache,
               cache::DiskBlocks* kept, const Clock& clock)
      : store_(store),
        pool_(pool),
        cache_(cache),
        kept_(kept),
        clock_(clock),
        budget_(cache.limit()) {}

  /// The blocks of that version; without an ETag, the caller's own.
  cache::BlockCache::ObjectPtr open(const Version& version);

  /// Somebody waits for the blocks of `wanted`, of which the first is missing: fetches the run of
  /// missing ones, up to `extended` if memory allows, here or on the pool. The first of them, which
  /// tells how it went even when it has failed and is forgotten already; null when somebody else
  /// was quicker. ENOMEM when there is no memory at all.
  Result<cache::BlockPtr> fetch_wanted(const cache::BlockCache::ObjectPtr& object,
                                       const Version& version, Range wanted,
                                       std::uint64_t extended);
  /// Fetches what is missing of `range` in the background, one request for each `part`.
  void fetch_ahead(const cache::BlockCache::ObjectPtr& object, const Version& version, Range range,
                   std::uint64_t part);

  /// The whole of a small object, and what it carries: one GET of what has at least one byte.
  /// ENOMEM when it is there already or cannot be kept, ESTALE when it is another version.
  Result<store::ObjectInfo> fetch_whole(const Version& version);

  /// Keeps whole blocks of that version, from block `first` on, on the disk as well, for the next
  /// time; not those of an `object` that is forgotten.
  void keep(const Version& version, const cache::BlockCache::Object& object, std::uint64_t first,
            std::span<const cache::BlockPtr> blocks);

  /// We have made this version just now, of other bytes: what was kept of an object with the same
  /// key, ETag and size is not this one. An ETag proves equal bytes only where it is a hash of
  /// them, and some services let an object keep the one that it had before it was replaced.
  void forget(const Version& version);

  /// That version as a local file, if all of it is on the disk and was seen to be right.
  UniqueFd whole(const Version& version);

  /// What the fetches so far have shown of the way to the store.
  [[nodiscard]] const LinkEstimate& link() const { return link_; }
  /// How much of the block cache may be filled ahead of the programs that read.
  [[nodiscard]] ReadAheadBudget& budget() { return budget_; }

 private:
  struct Fetch;
  class Sink;

  void run(const Fetch& fetch);
  /// From the disk, as far as it goes; how many blocks that is.
  std::uint64_t read_kept(const Fetch& fetch);
  /// From the store, behind the first `had` blocks.
  Result<store::ObjectInfo> perform(const Fetch& fetch, std::uint64_t had);
  void end(const Fetch& fetch, std::uint64_t complete, const Status& status);

  store::ObjectStore& store_;
  WorkerPool& pool_;
  cache::BlockCache& cache_;
  cache::DiskBlocks* const kept_;
  const Clock& clock_;
  LinkEstimate link_;
  ReadAheadBudget budget_;
  std::atomic<unsigned> keeping_ = 0;        ///< fetches being written to the disk
  std::atomic<std::uint64_t> nameless_ = 0;  ///< versions without an ETag so far
};

}  // namespace pailfs::fs
