// SPDX-License-Identifier: Apache-2.0
#include "tree_walk.h"

#include <algorithm>
#include <vector>

namespace pailfs::fs {
namespace {

/// For each directory that was read in order so many are listed ahead: who stops has then asked for
/// little in vain.
constexpr std::size_t kEager = 4;
/// With a handful of files in each, about as many names as are asked for side by side.
constexpr std::size_t kDirectories = 16;
/// The same where the files themselves are fetched.
constexpr std::size_t kReadDirectories = 8;
/// They are not to wait longer than this: what is known of a file that is opened may be a second
/// old at most.
constexpr std::chrono::nanoseconds kTaken = std::chrono::milliseconds(500);
constexpr std::chrono::nanoseconds kQuick = std::chrono::milliseconds(1);
/// Names asked for in each of them; in a larger one the walk through its own names goes on.
constexpr std::size_t kNames = 16;
/// Walks at a time, and how long nobody may go on in one.
constexpr std::size_t kPlaces = 64;
constexpr std::chrono::seconds kPause{2};

}  // namespace

TreeWalk::Step TreeWalk::note(const std::string& above, const std::string& directory,
                              const std::string& next) {
  const MonoTime now = clock_.now();
  MutexLock lock(mutex_);
  if (places_.size() >= kPlaces && !places_.contains(above)) {
    places_.erase(std::min_element(places_.begin(), places_.end(),
                                   [](auto& a, auto& b) { return a.second.last < b.second.last; }));
  }
  Place& place = places_[above];
  const Step step{place.next == directory ? place.run + 1 : 0, now - place.last};
  const bool goes_on = step.run > 0 && step.since <= kPause;
  place = {next, goes_on ? step.run : 0, now};
  return goes_on ? step : Step{};
}

void TreeWalk::listed(const std::string& directory) {
  const auto habit = nodes_.listed(directory);
  if (directory.empty()) return;
  const auto following = names_.directories_after(directory, kDirectories);
  const std::string above = parent_path(directory);
  const std::string next = following.empty() ? "" : join_path(above, following.front());
  const Step step = note(above, directory, next);
  std::size_t most = std::min(step.run * kEager, following.size());
  if (habit.reads) {
    const auto in_time = static_cast<std::size_t>(kTaken / std::max(step.since, kQuick));
    most = std::min({most, kReadDirectories, nodes_.files_ahead() / kNames, in_time + 1});
  }
  for (std::size_t i = 0; i < most; ++i) list_ahead(join_path(above, following[i]), habit);
}

void TreeWalk::list_ahead(const std::string& directory, NodeFetcher::Habit habit) {
  if (listings_.is_listed(directory)) return nodes_.expects(directory, habit, kNames);
  const auto ticket = flights_.join(directory);
  if (!ticket.is_first) return;
  pool_.submit([this, directory, habit, flight = ticket.flight] { run(directory, habit, flight); });
}

void TreeWalk::run(const std::string& directory, NodeFetcher::Habit habit,
                   const Flights::FlightPtr& flight) {
  const bool taken = flight->begin();
  Status listed;
  if (taken && !listings_.is_listed(directory)) {
    listed = listings_.subtree_fits_one_page(directory) ? lister_.list_below(directory)
                                                        : lister_.list_first(directory);
  }
  flights_.land(flight, listed);
  if (taken) nodes_.expects(directory, habit, kNames);
}

void TreeWalk::join(const std::string& directory) {
  // After a failure the caller asks again itself.
  if (const auto flight = flights_.find(directory)) static_cast<void>(flight->wait_if_begun());
}

}  // namespace pailfs::fs
