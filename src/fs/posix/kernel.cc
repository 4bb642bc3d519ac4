// SPDX-License-Identifier: Apache-2.0
// Keeps the KernelView of a file: the attributes and pages that the kernel has, and those that it
// must be told of.
#include <chrono>
#include <utility>

#include "posix_file_system.h"

namespace pailfs::fs {

Attr PosixFileSystem::told(const InodePtr& inode, const Stat& stat) {
  Attr attr = shown(inode, stat);
  if (inode->directory) return attr;
  MutexLock lock(inode->content_mutex);
  // Another mtime, once, makes the kernel drop its pages.
  if (std::exchange(inode->has_older_pages, false)) attr.mtime += std::chrono::nanoseconds(1);
  inode->kernel.told(attr);
  return attr;
}

Status PosixFileSystem::check_type(const InodePtr& inode, const Stat& stat) {
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->kernel.has_other_type(stat.mode)) return {};
  }
  inodes_.detach(inode);
  return Error{ESTALE, "was another type of file"};
}

Status PosixFileSystem::tell_kernel(const InodePtr& inode, bool truncated, OpenResult& result) {
  Stat stat;
  {
    MutexLock lock(inode->content_mutex);
    stat = inode->content->stat();
    // The kernel itself sets the size, and asks for the rest.
    if (truncated) inode->kernel.resized(stat.size);
  }
  const Attr attr = shown(inode, stat);
  MutexLock lock(inode->content_mutex);
  const KernelView::Agreement agreement = inode->kernel.compare(attr);
  if (agreement == KernelView::Agreement::size_differs &&
      inode->kernel.may_refuse(inode->content->base(), clock_.now())) {
    return Error{ESTALE, "its size has changed: the kernel must look its name up"};
  }
  result.attributes_changed = agreement != KernelView::Agreement::same;
  return {};
}

std::uint64_t PosixFileSystem::place_of(Inode& inode, std::uint64_t offset, WriteOrigin origin) {
  MutexLock lock(inode.content_mutex);
  if (!origin.appends) return offset;
  return inode.kernel.place(offset, inode.content->stat().size, origin.direct);
}

void PosixFileSystem::wrote(Inode& inode, Range by_kernel, std::uint64_t at, WriteOrigin origin) {
  MutexLock lock(inode.content_mutex);
  inode.kernel.wrote(by_kernel.end, inode.content->stat());
  // The kernel's pages are older than these bytes, or have them in another place.
  if (origin.direct || at != by_kernel.begin) inode.paged_version = {};
}

}  // namespace pailfs::fs
