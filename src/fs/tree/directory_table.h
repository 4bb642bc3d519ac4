// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "listing_cursor.h"

namespace pailfs::fs {

/// A table without names takes about as much as this many.
inline constexpr std::size_t kTableWeight = 4;

/// Never believed until a listing shows the same object: what an earlier mount has left.
inline constexpr MonoTime kLongAgo = MonoTime::min();

/// What NodeTables keeps of one directory; guarded by its mutex.
struct DirectoryTable {
  explicit DirectoryTable(std::list<std::string>::iterator place) : use(place) {}

  DirTable names;
  std::list<std::string>::iterator use;  // in by_use_; not valid once dropped
  std::optional<MonoTime> complete;      // when the last complete listing was begun
  MonoTime absent_until{};               // until then it is believed that it lacks what it lacks
  std::size_t pages = 0;                 // it took so many; 0: there was none
  std::size_t misses = 0;                // names that others had to be asked for in vain since
  bool too_long = false;                 // for a listing that is made for the sake of one name
  bool subtree_fits_one_page = false;    // see ListingCache
  bool dropped = false;
  bool told_unshown = false;
  bool names_removed = false;  // by us, so that it may be empty without having been removed
  Presence marker = Presence::unknown;
  MonoTime marker_seen{};
  std::vector<std::weak_ptr<ListingCursor>> readings;
  MonoTime swept{};  // our own removals before this are not remembered one by one
  std::size_t absent = 0;
  SlotId newest = kNoSlot;  // is not the one to make room
  SlotId hand = 0;          // where room was made last
  std::size_t counted = 0;  // of entries_

  ListingCursorPtr saved;

  /// Gives memory back; numbers change.
  void compact() {
    const bool has_newest = newest < names.end() && names.at(newest).state != Slot::State::free;
    const std::string name(has_newest ? names.name(newest) : std::string_view());
    names.compact();
    newest = has_newest ? names.find(name) : kNoSlot;
  }

  /// How many cursors readers hold, or may still take because they began after `good`.
  std::size_t live_readings(MonoTime good) {
    if (saved && saved->begun <= good) saved = nullptr;
    std::erase_if(readings, [](const auto& weak) { return weak.expired(); });
    return readings.size();
  }
};

}  // namespace pailfs::fs
