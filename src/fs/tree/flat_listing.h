// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "listing_cache.h"

namespace pailfs::fs {

/// Takes apart a listing without a delimiter: every key below a directory, in order, page by page
/// from the start. Each directory whose keys have all passed is then listed completely; of the
/// others the names seen are known. Nothing is taken from a listing that is not in order. Not
/// thread-safe.
class FlatListing final {
 public:
  /// `top`: the directory whose keys are listed. `whole` false: names that it shows are believed,
  /// but names that it lacks are not taken for absent.
  FlatListing(const Config& config, ListingCache& listings, std::string top, bool whole = true)
      : config_(config), listings_(listings), top_(std::move(top)), whole_(whole) {}

  /// A page asked for at `asked`; `next` empty: the last one.
  void add(const store::ListPage& page, MonoTime asked);

 private:
  struct Open {
    std::string path;
    ListingCursorPtr reading;
    ListingCache::Page page;  ///< names that are not in the cache yet
    std::size_t keys = 0;     ///< at any depth
    bool has_below = false;   ///< it contains directories
    bool closed = false;
  };

  void add_key(const store::ListedObject& object, MonoTime asked);
  /// Counts a key that is no path, in the directory at `depth`.
  void leave_out(std::size_t depth, const std::string& key);
  void close_from(std::size_t depth);
  Open& enter(std::size_t depth, std::string_view name, MonoTime asked);

  const Config& config_;
  ListingCache& listings_;
  const std::string top_;
  const bool whole_;
  std::string last_key_;
  bool out_of_order_ = false;
  std::vector<Open> open_;       // of this page, parents before their children
  std::vector<std::size_t> at_;  // the way from the top to where the listing stands, in open_
};

}  // namespace pailfs::fs
