// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "pailfs/util/clock.h"
#include "pailfs/util/single_flight.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "listed_names.h"
#include "lister.h"
#include "listing_cache.h"
#include "node_fetcher.h"

namespace pailfs::fs {

/// Recognises a program that reads the directories of a tree one after the other (`find`, `du`,
/// `cp -r`, `rsync`), from the order in which a listing shows them. Such a program waits a round
/// trip for each listing, and one for what it asks about the names in it. So the next few
/// directories are listed side by side, and their first names asked for, if it has asked about
/// those of the directory before. Any thread; must outlive its pool's tasks.
class TreeWalk final {
 public:
  TreeWalk(const Lister& lister, ListedNames& names, ListingCache& listings, NodeFetcher& nodes,
           WorkerPool& pool, const Clock& clock)
      : lister_(lister),
        names_(names),
        listings_(listings),
        nodes_(nodes),
        pool_(pool),
        clock_(clock) {}

  /// A program begins to read the directory's names.
  void listed(const std::string& directory) EXCLUDES(mutex_);
  /// Waits for the listing of it that is under way, if one is. Not on a thread of the pool.
  void join(const std::string& directory) EXCLUDES(mutex_);

 private:
  using Flights = SingleFlight<Status>;
  /// Where the program is in one directory of directories.
  struct Place {
    std::string next;  // the directory that it will read next if it goes on
    std::size_t run = 0;
    MonoTime last{};
  };

  struct Step {
    std::size_t run = 0;                ///< directories that were read in order before this one
    std::chrono::nanoseconds since{0};  ///< the one before
  };
  Step note(const std::string& above, const std::string& directory, const std::string& next)
      EXCLUDES(mutex_);
  void list_ahead(const std::string& directory, NodeFetcher::Habit habit) EXCLUDES(mutex_);
  void run(const std::string& directory, NodeFetcher::Habit habit, const Flights::FlightPtr& flight)
      EXCLUDES(mutex_);

  const Lister& lister_;
  ListedNames& names_;
  ListingCache& listings_;
  NodeFetcher& nodes_;
  WorkerPool& pool_;
  const Clock& clock_;
  Flights flights_;                                         // of listings, by directory
  Mutex mutex_;                                             // held over memory operations only
  std::map<std::string, Place> places_ GUARDED_BY(mutex_);  // by directory
};

}  // namespace pailfs::fs
