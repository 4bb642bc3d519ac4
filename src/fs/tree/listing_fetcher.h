// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

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
  ListingFetcher(const Lister& lister, ListingCache& listings, WorkerPool& pool)
      : lister_(lister), listings_(listings), pool_(pool) {}

  /// Lists the directory in the background, unless a listing of it is believed, and calls `then`
  /// when that is over, well or not. `then` is not called when the directory is being listed
  /// already, nor when a reader has come before the pool.
  void fetch_ahead(const std::string& directory, const std::function<void()>& then);
  /// Waits for the listing of the directory that is under way, if one is. Afterwards the directory
  /// may be listed or not. Not on a thread of the pool.
  void join(const std::string& directory);
  /// Listings under way are for no later reader.
  void close_flights() { flights_.close_flights(); }

 private:
  Status list(const std::string& directory);

  const Lister& lister_;
  ListingCache& listings_;
  WorkerPool& pool_;
  SingleFlight<Status> flights_;  // by directory
};

}  // namespace pailfs::fs
