// SPDX-License-Identifier: Apache-2.0
// What a directory shows of the names in it: its times and its link count.
#include <algorithm>

#include "posix_file_system.h"

namespace pailfs::fs {

void PosixFileSystem::contents_changed(const InodePtr& directory) {
  if (const auto path = inodes_.path(directory)) directory_changes_.note(*path, clock_.wall());
}

std::optional<WallTime> PosixFileSystem::add_contents_change(const std::string& directory,
                                                             Stat& stat) {
  const auto changed = directory_changes_.find(directory);
  if (!changed) return changed;
  stat.mtime = std::max(stat.mtime, *changed);
  stat.ctime = std::max(stat.ctime, *changed);
  return changed;
}

void PosixFileSystem::show_contents(const InodePtr& directory, Attr& attr) {
  attr.nlink = 1;
  const auto path = inodes_.path(directory);
  if (!path) return;
  if (const auto changed = directory_changes_.find(*path)) {
    attr.mtime = std::max(attr.mtime, *changed);
    attr.ctime = std::max(attr.ctime, *changed);
  }
  if (const auto count = known_.subdirectories(*path)) attr.nlink = 2 + *count;
}

}  // namespace pailfs::fs
