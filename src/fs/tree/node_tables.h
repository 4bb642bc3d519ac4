// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "directory_table.h"
#include "fs/format/object_headers.h"
#include "fs/format/paths.h"
#include "fs/lock_ranks.h"
#include "lifetimes.h"
#include "own_changes.h"

namespace pailfs::fs {

/// The memory of names and attributes that the store has shown: one table for each directory, in
/// which a listing and the attributes of its names are the same entries, and one mutex over all of
/// them. The four classes that work on the tables decide when an entry changes and how far it is
/// believed, each for one kind of caller: NodeCache (attributes, our own changes), ListedNames
/// (facts from listings about one name), ListingCache (reading a directory), NodeSnapshot (the file
/// that outlives the mount).
///
/// Bounded by Config::max_cached_attributes: the least recently used tables go first, the one in
/// use and those being read stay whole, however large. Pointers to slots are good until the mutex
/// is released or another entry is made. Nothing waits.
class NodeTables final {
 public:
  using TablePtr = std::shared_ptr<DirectoryTable>;

  /// `config` and `clock` must outlive it.
  NodeTables(const Config& config, Clock& clock);

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] Clock& clock() const { return clock_; }
  [[nodiscard]] const Lifetimes& lifetimes() const { return lifetimes_; }
  void set_lifetimes(std::chrono::seconds attributes, std::chrono::seconds listings) {
    lifetimes_.set(attributes, listings);
  }
  /// Takes the place of Config::max_cached_attributes from the next answer on.
  void set_limit(std::size_t entries) REQUIRES(mutex) { limit_ = entries; }

  Mutex mutex{lock_rank::kNodeTables};

  // Tables.

  /// Counts as a use of the table. Null when nothing is known of the directory's names.
  TablePtr table(const std::string& directory) REQUIRES(mutex);
  /// The same, but does not count as a use.
  [[nodiscard]] const DirectoryTable* peek(const std::string& directory) const REQUIRES(mutex);
  TablePtr make_table(const std::string& directory) REQUIRES(mutex);
  void drop_table(const std::string& directory) REQUIRES(mutex);
  /// The tables of the directory and of all below it.
  void drop_tables(const std::string& top) REQUIRES(mutex);
  /// After the table has changed: counts its entries, and makes room.
  void settle(DirectoryTable& table) REQUIRES(mutex);
  /// A complete listing is young enough to be believed.
  [[nodiscard]] bool is_fresh(const DirectoryTable& table) const REQUIRES(mutex);
  /// Directories with a table, the least recently used first.
  [[nodiscard]] std::vector<std::string> directories() const REQUIRES(mutex);
  /// True when one more table would not push out another.
  [[nodiscard]] bool has_room() const REQUIRES(mutex);
  [[nodiscard]] std::size_t complete_listings() const REQUIRES(mutex);
  [[nodiscard]] std::size_t attributes() const REQUIRES(mutex) { return attributes_; }
  /// Answers to requests that were sent before now teach nothing, and are for no question that
  /// comes later.
  void begin_anew() REQUIRES(mutex) { anew_ = clock_.now(); }
  [[nodiscard]] bool is_too_old(MonoTime asked) const REQUIRES(mutex) { return asked < anew_; }
  /// We have just changed what the path leads to, or also what is below it.
  void changed(const std::string& path) REQUIRES(mutex) { changes_.note(path, clock_.now()); }
  void changed_below(const std::string& path) REQUIRES(mutex) {
    changes_.note_below(path, clock_.now());
  }
  /// An answer about the path to a request that was sent before this is older than a change of ours
  /// or than a refresh.
  [[nodiscard]] MonoTime answers_from(const std::string& path) const REQUIRES(mutex) {
    return std::max(anew_, changes_.last(path));
  }
  /// An answer to a request sent at `from` shows that another client has changed something: an
  /// absence that was learnt before is not believed any more, so that a program which has read a
  /// reference finds what it refers to.
  void end_absences(MonoTime from) REQUIRES(mutex) {
    absences_from_ = std::max(absences_from_, from);
  }
  [[nodiscard]] bool is_absence_over(MonoTime learnt) const REQUIRES(mutex) {
    return learnt < absences_from_;
  }
  /// A table that no path leads to, for a reading that goes on with an answer that is too old.
  static TablePtr make_loose_table();

  // Entries.

  /// The entry of a path, and the table of its directory, if they are there. The entry of the root
  /// is in a table of its own, which always exists.
  Slot* find_slot(const std::string& path, TablePtr& table) REQUIRES(mutex);
  /// Puts the node as learnt now. Returns the entry; null when there was no room for it.
  Slot* put_path(const std::string& path, const Node& node) REQUIRES(mutex);
  void put(DirectoryTable& table, Slot& slot, const Node& node) REQUIRES(mutex);
  /// Forgets all of the entry but its name, and returns it; null when there is none.
  Slot* forget_path(const std::string& path, TablePtr& table) REQUIRES(mutex);
  /// Forgets the path; a listing of its directory that lacks it then proves nothing.
  void doubt(const std::string& path) REQUIRES(mutex);
  void forget_attributes(Slot& slot) REQUIRES(mutex);
  [[nodiscard]] Node node_of(const Slot& slot) const REQUIRES(mutex);
  [[nodiscard]] store::ObjectAttributes attributes_of(const Slot& slot) const REQUIRES(mutex);
  /// True when a listing of at most that age, or a younger answer, has shown the name.
  [[nodiscard]] bool is_seen(const Slot& slot, std::chrono::nanoseconds age) const REQUIRES(mutex);
  [[nodiscard]] bool is_seen(const Slot& slot) const REQUIRES(mutex) {
    return is_seen(slot, lifetimes_.listings());
  }
  /// Until when an absence is believed that was asked for at `asked` and answered now.
  [[nodiscard]] MonoTime absent_until(MonoTime asked) const;

 private:
  [[nodiscard]] bool is_root_table(const DirectoryTable& table) const {
    return &table == above_root_.get();
  }
  void sweep_absent(DirectoryTable& table) REQUIRES(mutex);
  void drop_others(const DirectoryTable& table) REQUIRES(mutex);
  void drop_names(DirectoryTable& table) REQUIRES(mutex);

  const Config& config_;
  Lifetimes lifetimes_;
  std::size_t limit_ GUARDED_BY(mutex);
  Clock& clock_;
  TypeNames types_ GUARDED_BY(mutex);
  std::unordered_map<std::string, TablePtr> tables_ GUARDED_BY(mutex);
  std::list<std::string> by_use_ GUARDED_BY(mutex);  // directories, most recently used first
  /// The one name in it is the root's, which is empty. Not counted, never dropped.
  const TablePtr above_root_;
  MonoTime anew_ GUARDED_BY(mutex) = MonoTime::min();
  OwnChanges changes_ GUARDED_BY(mutex);
  MonoTime absences_from_ GUARDED_BY(mutex) = MonoTime::min();
  std::size_t entries_ GUARDED_BY(mutex) = 0;
  std::size_t foreign_bytes_ GUARDED_BY(mutex) = 0;
  std::size_t attributes_ GUARDED_BY(mutex) = 0;
};

/// The listing shows the object whose attributes the entry has: the same ETag, size and time.
[[nodiscard]] bool shows_same_object(const Slot& slot, const ListedName& listed);
/// HEAD tells whole seconds, some services list more.
[[nodiscard]] bool is_same_second(WallTime a, WallTime b);

}  // namespace pailfs::fs
