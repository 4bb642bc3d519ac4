// SPDX-License-Identifier: Apache-2.0
#include "posix_file_system.h"
#include "set_ids.h"

namespace pailfs::fs {

void PosixFileSystem::drop_set_ids(HandleId handle, const Caller& caller) {
  if (caller.uid == 0) return;
  const auto file = find_file(handle);
  if (!file) return;
  Inode& inode = *(*file)->inode;
  {
    MutexLock lock(inode.state);
    const Stat& stat = inode.content->stat;
    if ((stat.mode & (S_ISUID | S_ISGID)) == 0) return;
  }
  MutexLock flush(inode.flush);
  MutexLock lock(inode.state);
  Stat& stat = inode.content->stat;
  const mode_t mode = mode_after_write(stat.mode, stat.gid, caller);
  if (mode == stat.mode) return;
  stat.mode = mode;
  inode.content->metadata_dirty = true;
}

Status PosixFileSystem::allocate(HandleId handle, std::uint64_t offset, std::uint64_t size) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  if (!(*file)->writable) return Error{EBADF, "not open for writing"};
  const InodePtr& inode = (*file)->inode;
  const std::shared_lock tree(tree_);
  MutexLock flush(inode->flush);
  if (const Status whole = recall(inode, {0, UINT64_MAX}); !whole) return whole;
  MutexLock lock(inode->state);
  Content& content = *inode->content;
  const std::uint64_t end = offset + size;
  if (end > content.stat.size) {
    const Status grown = truncate(content, end);
    if (!grown) return grown;
  }
  content.stat.mtime = content.stat.ctime = clock_.wall();
  content.metadata_dirty = true;
  return {};
}

}  // namespace pailfs::fs
