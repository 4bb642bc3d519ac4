// SPDX-License-Identifier: Apache-2.0
#include "walk_watch.h"

#include "fs/format/paths.h"

namespace pailfs::fs {
namespace {

NameWalk::Name at(const ListedNames::Place& place) {
  return {place.id, place.is_file, place.end};
}

}  // namespace

void WalkWatch::on_listed(const std::string& directory) {
  const auto following = names_.directories_after(directory, TreeWalk::kMost);
  NameWalk::Habit habit;
  std::size_t count = 0;
  {
    MutexLock lock(mutex_);
    const MonoTime now = clock_.now();
    habit = walks_.on_listed(directory, now);
    count = trees_.on_listed(directory, following, habit, now);
  }
  const NamesAhead first = first_names(habit);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string next = join_path(parent_path(directory), following[i]);
    listings_.fetch_ahead(next, [this, next, first] { fetch(next, first); });
  }
}

void WalkWatch::on_stat(const std::string& path) {
  {
    MutexLock lock(mutex_);
    if (!walks_.knows(parent_path(path))) return;
  }
  static_cast<void>(on_question(path));
}

std::uint64_t WalkWatch::on_question(const std::string& path) {
  return whole_up_to(follow(path, &NameWalks::on_question));
}

void WalkWatch::on_listed_with_attributes(const std::string& path) {
  follow(path, &NameWalks::on_listed_with_attributes);
}

void WalkWatch::on_open(const std::string& path) {
  follow(path, &NameWalks::on_open);
}

bool WalkWatch::is_walked(const std::string& directory) {
  MutexLock lock(mutex_);
  return walks_.is_under_way(directory, clock_.now());
}

bool WalkWatch::wants_attributes(const std::string& directory, std::size_t place) {
  MutexLock lock(mutex_);
  return walks_.wants_attributes(directory, place, clock_.now());
}

NameWalk::Advice WalkWatch::follow(const std::string& path, Event event) {
  const auto place = names_.place(path);
  if (!place) return {};
  const std::string directory = parent_path(path);
  NameWalk::Advice advice;
  {
    MutexLock lock(mutex_);
    advice = (walks_.*event)(directory, at(*place), clock_.now());
  }
  fetch(directory, names_here(advice));
  const NamesAhead beyond = names_in_next_directory(advice);
  if (beyond.empty() || directory.empty()) return advice;
  for (const std::string& next : names_.directories_after(directory, 1)) {
    fetch(join_path(parent_path(directory), next), beyond);
  }
  return advice;
}

void WalkWatch::fetch(const std::string& directory, const NamesAhead& names) {
  if (names.empty()) return;
  const ListedNames::WithoutAttributes which{
      .from = names.from, .end = names.end, .all = names.all, .age = names.age};
  nodes_.fetch_ahead(directory, names_.select(directory, which), names.whole_up_to);
}

}  // namespace pailfs::fs
