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

/// The store's listings with the waiting changes laid over them, and the prefixes that those will
/// empty. Sends no request. Not thread-safe: each call needs the journal's mutex, which guards all
/// that it looks at.
class Overlay final {
 public:
  /// Most entries counted: the count only decides how large a page is asked for.
  static constexpr std::size_t kStorePage = 1000;

  Overlay(const Pending& pending, Knowledge& knowledge, Confirmed& confirmed)
      : pending_(pending), knowledge_(knowledge), confirmed_(confirmed) {}

  struct Item {
    std::optional<store::ListedObject> object;  ///< none: a common prefix
    bool from_store = false;  ///< a prefix that the store shows and no waiting change
  };
  /// By name, in order.
  using Items = std::map<std::string, Item>;

  /// The names in the range of a page of the store, asked for at `asked`. Names up to `after` were
  /// returned before, except those that the page itself brings.
  [[nodiscard]] Items lay_over(const store::ListRequest& request, const store::ListPage& page,
                               MonoTime asked, const std::string& after);

  /// How many removals wait below `prefix`, or kStorePage if there are more.
  [[nodiscard]] std::size_t removals_below(const std::string& prefix) const;
  /// True when every object that the store is known to hold below `prefix` is about to be removed,
  /// and there is at least one such removal.
  [[nodiscard]] bool is_known_all_removed(const std::string& prefix, MonoTime now);
  /// True when a removal of an object below `prefix` was confirmed since then.
  [[nodiscard]] bool was_removed_below(const std::string& prefix, MonoTime since) const;
  /// True when an object that the store showed at `since` is about to be removed, or was removed
  /// since.
  [[nodiscard]] bool is_removed(const store::Key& key, MonoTime since) const;

 private:
  void lay_confirmed_names(Items& items, MonoTime asked);

  const Pending& pending_;
  Knowledge& knowledge_;
  Confirmed& confirmed_;
};

}  // namespace pailfs::journal
