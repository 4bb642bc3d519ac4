// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "confirmed.h"
#include "knowledge.h"
#include "pending.h"

namespace pailfs::journal {

/// The store's listings with what waits laid over them, and which prefixes will be empty once it is
/// carried out. Asks nothing. Not thread-safe: the journal's mutex, which guards all that it looks
/// at, is held for each call.
class Overlay final {
 public:
  /// How many entries are counted at most: more is only a matter of how many pages are asked for.
  static constexpr std::size_t kStorePage = 1000;

  Overlay(const Pending& pending, Knowledge& knowledge, Confirmed& confirmed)
      : pending_(pending), knowledge_(knowledge), confirmed_(confirmed) {}

  struct Item {
    std::optional<store::ListedObject> object;  ///< none: a common prefix
    bool from_store = false;  ///< a prefix that the store shows and nothing waiting
  };
  /// By name, in order.
  using Items = std::map<std::string, Item>;

  /// What a page of the store, asked for at `asked`, shows in its range. Names up to `after` were
  /// given out before, except those that the page itself brings.
  [[nodiscard]] Items lay_over(const store::ListRequest& request, const store::ListPage& page,
                               MonoTime asked, const std::string& after);

  /// How many removals wait below `prefix`, or kStorePage if there are more.
  [[nodiscard]] std::size_t removals_below(const std::string& prefix) const;
  /// Every object that the store is known to hold below `prefix` is about to be removed. Only said
  /// when there is such a removal: without one the store is asked.
  [[nodiscard]] bool is_known_all_removed(const std::string& prefix, MonoTime now);
  /// A removal of an object below `prefix` was confirmed since then.
  [[nodiscard]] bool was_removed_below(const std::string& prefix, MonoTime since) const;
  /// An object that the store showed when asked at `since` is about to be removed, or was removed
  /// since.
  [[nodiscard]] bool is_removed(const store::Key& key, MonoTime since) const;

 private:
  void lay_confirmed_names(Items& items, MonoTime asked);

  const Pending& pending_;
  Knowledge& knowledge_;
  Confirmed& confirmed_;
};

}  // namespace pailfs::journal
