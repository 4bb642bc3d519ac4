// SPDX-License-Identifier: Apache-2.0
// Times and link count of a directory, which follow from the names in it.
#include <algorithm>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "posix_file_system.h"

namespace pailfs::fs {

void PosixFileSystem::contents_changed(const InodePtr& directory) {
  const auto path = inodes_.path(directory);
  if (!path) return;
  directory_times_.note(*path, clock_.wall());
  if (!config_.update_parent_dir_stat || path->empty()) return;
  // The verb itself is done; it does not fail because the directory's times could not be stored.
  if (const Status stored = store_contents_change(directory, *path); !stored) {
    log_warning("times of " + printable(*path) + ": " + stored.error().text);
  }
}

Status PosixFileSystem::store_contents_change(const InodePtr& directory, const std::string& path) {
  // A directory's object_mutex is taken after that of a file, and no other one after it.
  MutexLock changing(directory->object_mutex);
  auto node = resolver_.resolve(path);
  if (!node) return node.error();
  if (!is_directory(node->form)) return Error{ESTALE, "is a file now"};
  const auto change = add_contents_change(path, node->stat);
  if (!change) return {};  // another request has stored the change
  const Status written = write_directory(path, *node);
  if (written) directory_times_.stored(path, *change);
  return written;
}

std::optional<WallTime> PosixFileSystem::add_contents_change(const std::string& directory,
                                                             Stat& stat) {
  const auto changed = directory_times_.find(directory);
  if (!changed) return changed;
  stat.mtime = std::max(stat.mtime, *changed);
  stat.ctime = std::max(stat.ctime, *changed);
  return changed;
}

void PosixFileSystem::show_contents(const InodePtr& directory, Attr& attr) {
  attr.nlink = 1;
  const auto path = inodes_.path(directory);
  if (!path) return;
  if (const auto changed = directory_times_.find(*path)) {
    attr.mtime = std::max(attr.mtime, *changed);
    attr.ctime = std::max(attr.ctime, *changed);
  }
  if (const auto count = known_.names.subdirectories(*path)) attr.nlink = 2 + *count;
}

}  // namespace pailfs::fs
