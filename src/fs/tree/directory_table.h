// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "listing_cursor.h"

namespace pailfs::fs {

/// A table without names counts as this many entries of the limit.
inline constexpr std::size_t kTableWeight = 4;

/// learnt of an entry that an earlier mount has left: not believed until a listing shows the same
/// object.
inline constexpr MonoTime kLongAgo = MonoTime::min();

/// The table of one directory in NodeTables, guarded by NodeTables::mutex.
struct DirectoryTable {
  explicit DirectoryTable(std::list<std::string>::iterator place) : use(place) {}

  NameTable names;
  std::list<std::string>::iterator use;  // in by_use_; not valid once dropped
  std::optional<MonoTime> complete;      // when the last complete listing was begun
  MonoTime absent_until{};               // until then names that the listing lacked count as absent
  std::size_t pages = 0;                 // of the last listing; 0: there was none
  std::size_t misses = 0;                // names asked for since, that were absent
  bool too_long = false;                 // to be listed for the sake of one name
  bool subtree_fits_one_page = false;    // see ListingCache
  bool dropped = false;
  bool told_unshown = false;
  /// When we last removed one, so that it may be empty without having been removed.
  std::optional<MonoTime> names_removed;
  Presence marker = Presence::unknown;
  MonoTime marker_seen{};
  std::vector<std::weak_ptr<ListingCursor>> readings;
  MonoTime swept{};  // our own removals before this have no entries
  std::size_t absent = 0;
  SlotId newest = kNoSlot;  // is not dropped to make room
  SlotId hand = 0;          // where the last entry was dropped
  std::size_t counted = 0;  // of entries_

  ListingCursorPtr saved;  // put aside for the next reader; does not own the table

  /// Gives memory back; numbers change.
  void compact() {
    const bool has_newest = newest < names.end() && names.at(newest).state != Slot::State::free;
    const std::string name(has_newest ? names.name(newest) : std::string_view());
    names.compact();
    newest = has_newest ? names.find(name) : kNoSlot;
  }

  /// The number of cursors that readers hold, or that may still be taken because they began after
  /// `good`.
  std::size_t live_readings(MonoTime good) {
    if (saved && saved->begun <= good) saved = nullptr;
    std::erase_if(readings, [](const auto& weak) { return weak.expired(); });
    return readings.size();
  }
};

}  // namespace pailfs::fs
