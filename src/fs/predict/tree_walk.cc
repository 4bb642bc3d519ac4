// SPDX-License-Identifier: Apache-2.0
#include "tree_walk.h"

#include <algorithm>

#include "fs/format/paths.h"
#include "names_ahead.h"

namespace pailfs::fs {
namespace {

/// For each directory that was read in order so many are listed ahead: a program that stops has
/// then caused few requests in vain. With a handful of files in each, TreeWalk::kMost directories
/// have about as many names as are asked for side by side.
constexpr std::size_t kEager = 4;
/// The most directories whose files are fetched ahead.
constexpr std::size_t kMostToRead = 8;
/// The program has to come to a fetched file sooner than kFreshToOpen, or its open asks again.
constexpr std::chrono::nanoseconds kInTime = std::chrono::milliseconds(500);
constexpr std::chrono::nanoseconds kQuick = std::chrono::milliseconds(1);

}  // namespace

std::size_t TreeWalk::most_to_read(std::chrono::nanoseconds each) const {
  const auto in_time = static_cast<std::size_t>(kInTime / std::max(each, kQuick));
  return std::min({kMostToRead, small_files_ / kFirstNames, in_time + 1});
}

std::size_t TreeWalk::on_listed(const std::string& directory,
                                const std::vector<std::string>& following, NameWalk::Habit habit,
                                MonoTime now) {
  if (directory.empty()) return 0;
  const std::string above = parent_path(directory);
  Place& place = places_.at(above, now);
  const bool goes_on = place.next == directory;
  const auto each = now - place.read;
  place.run = goes_on ? place.run + 1 : 0;
  place.next = following.empty() ? "" : join_path(above, following.front());
  place.read = now;
  const std::size_t most = std::min({place.run * kEager, following.size(), kMost});
  return habit.reads ? std::min(most, most_to_read(each)) : most;
}

}  // namespace pailfs::fs
