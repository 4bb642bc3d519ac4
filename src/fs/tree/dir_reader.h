// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/util/result.h"
#include "pailfs/util/worker_pool.h"

#include "lister.h"
#include "listing_cache.h"
#include "listing_fetcher.h"

namespace pailfs::fs {

/// The reading of a directory by one opendir: names in a fixed order, page by page, the next page
/// being fetched while this one is read. Names that exist only on this machine (not yet stored)
/// come last. A name keeps its place for as long as this lives, while other names come and go and
/// also when the directory is read anew: programs remember places (telldir) and return to them. Not
/// thread-safe: its handle locks, also across the request for a page, because every thread that
/// waits for the lock needs that page.
class DirReader final {
 public:
  /// `local_names`: files of the directory that the store does not have yet.
  DirReader(const Lister& lister, ListingCache& listings, ListingFetcher& fetcher, WorkerPool& pool,
            std::string path, const std::vector<std::string>& local_names);

  /// rewinddir: from now on the names are those that a new reader of `path` would find.
  void begin_anew(std::string path, const std::vector<std::string>& local_names);
  /// The item at `place` or the first one after it; null behind the last. It lives until the next
  /// call. Its `next` is the place after it.
  Result<const ListingCache::Item*> at(std::size_t place);
  /// Drops items that were looked up before, so that they are looked up anew.
  void refresh() { batch_.clear(); }

 private:
  struct LocalName {
    std::string name;
    bool unstored = false;  ///< as it was at the last beginning
  };

  void take_known();
  void use(ListingCursorPtr reading);
  Status more();
  void note_local(const std::vector<std::string>& names);
  [[nodiscard]] bool is_local(const std::string& name) const;
  const ListingCache::Item* local_at(std::size_t number);
  void fetch_ahead();

  const Lister& lister_;
  ListingCache& listings_;
  ListingFetcher& fetcher_;
  WorkerPool& pool_;
  std::string path_;
  std::vector<LocalName> local_;  // all names so far, in the order of their places
  std::unordered_map<std::string, std::size_t> local_numbers_;
  ListingCache::Item local_item_;
  ListingCursorPtr reading_;
  ListingCursorPtr earlier_;  // whose order the next one keeps
  std::vector<ListingCache::Item> batch_;
  std::size_t batch_at_ = 0;     // the next of the batch
  std::size_t batch_place_ = 0;  // the earliest place of that one
  std::optional<Pending<Result<FetchedPage>>> ahead_;
};

}  // namespace pailfs::fs
