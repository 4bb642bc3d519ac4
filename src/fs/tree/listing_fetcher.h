// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"
#include "pailfs/util/single_flight.h"
#include "pailfs/util/worker_pool.h"

#include "lister.h"
#include "listing_cache.h"

namespace pailfs::fs {

/// Lists directories before a program reads them, each with one request that a reader which comes
/// meanwhile waits for. Any thread; must outlive the tasks of its pool.
class ListingFetcher final {
 public:
  ListingFetcher(const Lister& lister, ListingCache& listings, WorkerPool& pool, const Clock& clock)
      : lister_(lister), listings_(listings), pool_(pool), clock_(clock) {}

  /// Lists the directory in the background, unless a listing of it is believed, and calls `then`
  /// when that is over, well or not. `then` is not called when the directory is being listed
  /// already, for a question that was asked since we last changed it and since a refresh, nor when
  /// a reader has come before the pool.
  void fetch_ahead(const std::string& directory, const std::function<void()>& then);
  /// Waits for the listing of the directory that is under way, if one is. Afterwards the directory
  /// may be listed or not. Not on a thread of the pool.
  void join(const std::string& directory);

 private:
  Status list(const std::string& directory);

  const Lister& lister_;
  ListingCache& listings_;
  WorkerPool& pool_;
  const Clock& clock_;
  SingleFlight<Status> flights_;  // by directory
};

}  // namespace pailfs::fs
