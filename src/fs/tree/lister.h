// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "listing_cache.h"

namespace pailfs::fs {

/// A page of a directory's listing and when it was asked for.
struct FetchedPage {
  store::ListPage page;
  MonoTime asked{};
  /// Neither a name nor the directory's own object.
  [[nodiscard]] bool empty() const { return page.objects.empty() && page.prefixes.empty(); }
};

/// Asks for listings of directories and hands their names to the cache. Any thread.
class Lister final {
 public:
  Lister(const Config& config, store::ObjectStore& store, ListingCache& listings,
         const Clock& clock)
      : config_(config), store_(store), listings_(listings), clock_(clock) {}

  /// One page of the names directly below `directory`, or of all keys at any depth. A failure
  /// proves no absence (law L4): it is never ENOENT.
  [[nodiscard]] Result<FetchedPage> fetch(const std::string& directory,
                                          const std::string& continuation,
                                          bool delimited = true) const;
  /// Adds a page to a cursor and notes where the listing goes on.
  void add(const ListingCursorPtr& reading, const FetchedPage& fetched) const;

  /// The first page of a new reading. When more pages follow, the reading is kept for the next
  /// reader of the directory.
  void begin(const std::string& directory, const FetchedPage& first) const;
  Status list_first(const std::string& directory) const;
  /// All pages, unless there are more than `most`: then so many, and the cache is told.
  Status list_whole(const std::string& directory, std::size_t most) const;
  /// Everything below the directory, at any depth, with one request: afterwards it and all
  /// directories in it are listed, unless they have outgrown a page.
  Status list_below(const std::string& directory) const;

 private:
  const Config& config_;
  store::ObjectStore& store_;
  ListingCache& listings_;
  const Clock& clock_;
};

}  // namespace pailfs::fs
