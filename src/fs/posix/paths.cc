// SPDX-License-Identifier: Apache-2.0
// Holds the paths that a verb changes, and waits for renames.
#include <utility>

#include "pailfs/util/errand.h"

#include "posix_file_system.h"

namespace pailfs::fs {

PathLocks::Patience PosixFileSystem::patience() {
  PathLocks::Patience patience;
  patience.called_off = [] { return !still_wanted(); };
  return patience;
}

Result<PathLocks::Hold> PosixFileSystem::hold(const InodePtr& inode) {
  for (;;) {
    const auto path = inodes_.path(inode);
    if (!path) return PathLocks::Hold();
    auto held = paths_.change(*path, patience());
    // A rename before us may have given the inode another path.
    if (!held || inodes_.path(inode) == path) return held;
  }
}

Result<PosixFileSystem::HeldPlace> PosixFileSystem::hold_place(InodeId parent,
                                                               std::string_view name) {
  for (;;) {
    auto place = place_of(parent, name);
    if (!place) return place.error();
    auto held = paths_.change(place->path, patience());
    if (!held) return held.error();
    const auto now = place_of(parent, name);
    if (!now) return now.error();
    if (now->path == place->path) return HeldPlace{std::move(*place), std::move(*held)};
  }
}

Result<PosixFileSystem::HeldPlaces> PosixFileSystem::hold_places(InodeId parent,
                                                                 std::string_view name,
                                                                 InodeId new_parent,
                                                                 std::string_view new_name) {
  for (;;) {
    auto from = place_of(parent, name);
    if (!from) return from.error();
    auto to = place_of(new_parent, new_name);
    if (!to) return to.error();
    auto held = paths_.alone(from->path, to->path, patience());
    if (!held) return held.error();
    const auto from_now = place_of(parent, name);
    if (!from_now) return from_now.error();
    const auto to_now = place_of(new_parent, new_name);
    if (!to_now) return to_now.error();
    if (from_now->path == from->path && to_now->path == to->path) {
      return HeldPlaces{std::move(*from), std::move(*to), std::move(*held)};
    }
  }
}

Status PosixFileSystem::wait_for_rename(const std::string& path) {
  const auto over = paths_.change(path, patience());
  return over ? Status() : over.error();
}

Result<bool> PosixFileSystem::renamed_meanwhile(const InodePtr& inode, const std::string& path) {
  if (!paths_.is_being_renamed(path)) {
    const auto now = inodes_.path(inode);
    return now && *now != path;
  }
  const Status over = wait_for_rename(path);
  if (!over) return over.error();
  return true;
}

Result<bool> PosixFileSystem::renamed_meanwhile(const Place& place, std::string_view name) {
  if (!paths_.is_being_renamed(place.path)) {
    const auto above = inodes_.path(place.parent);
    return above && join_path(*above, name) != place.path;
  }
  const Status over = wait_for_rename(place.path);
  if (!over) return over.error();
  return true;
}

}  // namespace pailfs::fs
