// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "pailfs/util/clock.h"

#include "name_walk.h"
#include "recent.h"

namespace pailfs::fs {

/// Recognises a program that reads the directories of a tree one after the other (`find`, `du`,
/// `cp -r`, `rsync`), from the order in which the listing above shows them. Such a program waits a
/// round trip for each listing, so that the next few are worth asking for side by side. Pure: the
/// caller tells the time, and locks.
class TreeWalk final {
 public:
  /// Most directories that are listed ahead.
  static constexpr std::size_t kMost = 16;

  /// `small_files`: so many may be in memory before a program opens them.
  explicit TreeWalk(std::size_t small_files) : small_files_(small_files) {}

  /// A program begins to read the names of `directory`, behind which the listing of the directory
  /// above shows the directories `following`; `habit` is that of the program with the names of the
  /// directory before. Returns how many of `following` are worth listing now.
  std::size_t on_listed(const std::string& directory, const std::vector<std::string>& following,
                        NameWalk::Habit habit, MonoTime now);

 private:
  /// The place of the program among the directories of one.
  struct Place {
    std::string next;     // the directory that it will read next if it goes on
    std::size_t run = 0;  // directories that it has read in order
    MonoTime read{};      // when it began with the last of them
  };
  /// Most directories to list for a program that takes so long for each one and reads the files in
  /// it.
  [[nodiscard]] std::size_t most_to_read(std::chrono::nanoseconds each) const;

  const std::size_t small_files_;
  Recent<Place> places_;  // by the directory above
};

}  // namespace pailfs::fs
