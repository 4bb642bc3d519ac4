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

/// What the store's replies have shown of it: upon which version a change is made, what was never
/// there and so needs no removal, and whether a directory's last object goes with the removals that
/// wait. Bounded; whatever is forgotten is merely not known. Not thread-safe: its owner locks.
class Knowledge final {
 public:
  Knowledge();

  struct Known {
    Base base;
    std::uint64_t size = 0;
    MonoTime time{};  ///< when it was so
  };
  /// The store says what it holds for `key`; `known.time` is when it was asked. What a change of
  /// ours has shown since then stands.
  void saw(const store::Key& key, const Known& known);
  /// A change of ours is confirmed, now.
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
    bool flat = false;         ///< names are keys, of everything below, and not of one level
    bool tells_empty = false;  ///< a directory without a tally has nothing below it
    std::vector<std::uint64_t> names;  ///< digests of keys and common prefixes, sorted; with those
                                       ///< that we have made or changed since
  };
  struct Tallied {
    MonoTime time{};
    Tally tally;
  };
  /// One that is being read.
  struct Reading {
    std::string prefix;
    std::string continuation;  ///< by which the next page will be asked for
    bool delimited = true;
    MonoTime time{};
    std::vector<std::uint64_t> names;
    std::map<std::string, Tally> tallies;  ///< of directories, when it is flat
    bool has_prefixes = false;
  };

  void note(const store::Key& key, const Known& known);
  using Keys = std::unordered_set<std::string_view>;
  [[nodiscard]] std::optional<Keys> changed_since(MonoTime since) const;
  /// What the store, asked at `asked`, says of `key` is no older than what is known. `ours`:
  /// changed by us since then.
  [[nodiscard]] bool may_tell(const store::Key& key, MonoTime asked,
                              const std::optional<Keys>& ours);
  void add(Reading& reading, const store::ListPage& page) const;
  void complete(Reading reading);
  void bound();
  static std::uint64_t shown(bool flat, const std::string& prefix, const store::Key& key);
  void add_name(const store::Key& key, MonoTime now);
  [[nodiscard]] bool listed_absent(const store::Key& key, MonoTime now, MonoTime& when) const;
  /// The store has `by` objects (1, 0, -1) more at `key` than it had at the moment `known`;
  /// nothing: nobody knows what it had. `now`: when that was said, if it is known.
  void count(const store::Key& key, int by, std::optional<MonoTime> known, MonoTime now);

  cache::ExpiringLru<store::Key, Known> seen_;
  std::deque<Reading> readings_;
  std::deque<std::pair<MonoTime, store::Key>> changes_;  // the last ones of ours
  std::map<std::string, Listing> listings_;
  std::map<std::string, Tallied> tallies_;
  std::size_t names_ = 0;  // in all listings
};

}  // namespace pailfs::journal
