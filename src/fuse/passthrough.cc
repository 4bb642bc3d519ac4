// SPDX-License-Identifier: Apache-2.0
#include "passthrough.h"

#include <algorithm>

namespace pailfs::fuse {

void Passthrough::negotiate([[maybe_unused]] fuse_conn_info& connection) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  possible_ = fuse_set_feature_flag(&connection, FUSE_CAP_PASSTHROUGH);
  // In a container the directory of use_cache is often on an overlay.
  if (possible_) connection.max_backing_stack_depth = FUSE_BACKING_STACKED_OVER;
#endif
}

int Passthrough::opened(fuse_ino_t ino, const Begin& begin) {
  MutexLock lock(mutex_);
  Inode& inode = inodes_[ino];
  if (inode.open == 0 && begin && possible_) {
    inode.backing = begin();
    // We have no right to it, or the file system cannot: the next file would fail too.
    if (inode.backing <= 0) possible_ = false;
  }
  ++inode.open;
  return std::max(inode.backing, 0);
}

/// The backing file that is not used any more, or 0.
int Passthrough::leave(fuse_ino_t ino) {
  const auto found = inodes_.find(ino);
  if (found == inodes_.end() || --found->second.open > 0) return 0;
  const int backing = found->second.backing;
  inodes_.erase(found);
  return std::max(backing, 0);
}

void Passthrough::released(fuse_ino_t ino, const End& end) {
  MutexLock lock(mutex_);
  const int backing = leave(ino);
  if (backing > 0) unused_.push_back(backing);
  for (const int each : unused_) end(each);
  unused_.clear();
}

void Passthrough::unanswered(fuse_ino_t ino) {
  MutexLock lock(mutex_);
  const int backing = leave(ino);
  if (backing > 0) unused_.push_back(backing);
}

}  // namespace pailfs::fuse
