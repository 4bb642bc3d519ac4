// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "want.h"

namespace pailfs::journal {

/// Knowledge of the store from its replies: upon which version a change is made, which keys were
/// never there and so need no removal, and whether a directory's last object goes with the removals
/// that wait. Bounded; a forgotten key is merely unknown. Not thread-safe: its owner locks.
class Knowledge final {
 public:
  Knowledge();

  struct Known {
    Base base;
    std::uint64_t size = 0;
    MonoTime time{};  ///< when the store had it
  };
  /// Takes the store's answer for `key`, asked at `known.time`. Knowledge from a change of ours
  /// since then is stronger.
  void saw(const store::Key& key, const Known& known);
  /// Notes a change of ours that was confirmed just now.
  void changed(const store::Key& key, const Known& known);
  void forget(const store::Key& key);
  /// A page of a listing as the store gave it.
  void saw_page(const store::ListRequest& request, const store::ListPage& page, MonoTime asked);

  [[nodiscard]] std::optional<Known> find(const store::Key& key, MonoTime now);

  /// All keys of the store below a prefix, as a count and a sum of digests.
  struct Tally {
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    friend bool operator==(const Tally&, const Tally&) = default;
  };
  [[nodiscard]] std::optional<Tally> below(const std::string& prefix, MonoTime now) const;
  static std::uint64_t digest(std::string_view key);

 private:
  /// A listing that was read from its first page to its last.
  struct Listing {
    MonoTime time{};
    bool flat = false;                 ///< names are keys, of all depths below, not of one level
    bool tells_empty = false;          ///< a directory without a tally has nothing below it
    std::vector<std::uint64_t> names;  ///< digests of keys and common prefixes, sorted; and of
                                       ///< those that we have made or changed since
  };
  struct Tallied {
    MonoTime time{};
    Tally tally;
  };
  /// A listing that is being read.
  struct Reading {
    std::string prefix;
    std::string continuation;  ///< of the next page
    bool delimited = true;
    MonoTime time{};
    std::vector<std::uint64_t> names;
    std::map<std::string, Tally> tallies;  ///< of directories, for a flat listing
    bool has_prefixes = false;
  };

  void note(const store::Key& key, const Known& known);
  using Keys = std::unordered_set<std::string_view>;
  [[nodiscard]] std::optional<Keys> changed_since(MonoTime since) const;
  /// True when an answer about `key`, asked for at `asked`, is not older than the present
  /// knowledge. `ours`: keys that we have changed since then.
  [[nodiscard]] bool may_tell(const store::Key& key, MonoTime asked,
                              const std::optional<Keys>& ours);
  void add(Reading& reading, const store::ListPage& page) const;
  void complete(Reading reading);
  void bound();
  static std::uint64_t shown(bool flat, const std::string& prefix, const store::Key& key);
  void add_name(const store::Key& key, MonoTime now);
  [[nodiscard]] bool listed_absent(const store::Key& key, MonoTime now, MonoTime& when) const;
  /// Notes that the store has `by` objects (1, 0, -1) more at `key` than at the moment `known`;
  /// without `known` it is unknown what it had. `now`: the present.
  void count(const store::Key& key, int by, std::optional<MonoTime> known, MonoTime now);

  cache::ExpiringLru<store::Key, Known> seen_;
  std::deque<Reading> readings_;
  std::deque<std::pair<MonoTime, store::Key>> changes_;  // our last changes
  std::map<std::string, Listing> listings_;
  std::map<std::string, Tallied> tallies_;
  std::size_t names_ = 0;  // in all listings
};

}  // namespace pailfs::journal
