// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "pailfs/fs/read_bytes.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

#include "block_fetcher.h"
#include "fs/lock_ranks.h"
#include "fs/predict/read_pattern.h"
#include "link_estimate.h"
#include "read_ahead_budget.h"

namespace pailfs::fs {

/// Reads one version of one object for one open handle: from the blocks that are there, fetching
/// the missing ones and, as ReadPattern advises, those that will be wanted next. Several threads
/// may call `read` at once.
class ObjectReader final {
 public:
  ObjectReader(BlockFetcher& fetcher, ReadAheadBudget& budget, const Clock& clock)
      : fetcher_(fetcher), link_(fetcher.link()), clock_(clock), budget_(budget) {}
  ~ObjectReader() = default;
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  /// The bytes of `range`, which is not empty and does not exceed version.size. ESTALE when the
  /// object is no longer that version.
  Result<ReadBytes> read(const Version& version, Range range) EXCLUDES(mutex_);

 private:
  struct Plan {
    cache::BlockCache::ObjectPtr object;
    ReadAdvice advice;
  };
  Plan plan(const Version& version, Range range) EXCLUDES(mutex_);
  Result<cache::BlockPtr> block(const Plan& plan, const Version& version, Range rest);

  BlockFetcher& fetcher_;
  const LinkEstimate& link_;
  const Clock& clock_;
  Mutex mutex_{lock_rank::kObjectReader};
  store::Key key_ GUARDED_BY(mutex_);
  store::ETag etag_ GUARDED_BY(mutex_);
  cache::BlockCache::ObjectPtr object_ GUARDED_BY(mutex_);
  ReadPattern pattern_ GUARDED_BY(mutex_);
  bool stalled_ GUARDED_BY(mutex_) = false;  ///< the last read had to wait
  ReadAheadBudget::Reader budget_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
