// SPDX-License-Identifier: Apache-2.0
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Offsets of the entries: "." is followed by 1, ".." by 2, item i by i + 3.
constexpr std::uint64_t kAfterDot = 1;
constexpr std::uint64_t kAfterDotDot = 2;
constexpr std::uint64_t kFirstItem = 2;

/// The type a listing alone proves. A short object may be a symbolic link, an empty one a fifo or
/// an old-style directory: only its metadata tells.
mode_t listed_type(const ListedName& listed) {
  if (!listed.file) return S_IFDIR;
  constexpr std::uint64_t kLongestLink = 4095;
  return listed.size > kLongestLink ? S_IFREG : 0;
}

}  // namespace

Result<HandleId> PosixFileSystem::opendir(InodeId ino) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (!(*inode)->directory) return Error{ENOTDIR, "not a directory"};
  const auto path = path_of(*inode);
  if (!path) return path.error();
  std::vector<std::string> local_names;
  for (const auto& [name, child] : inodes_.children(*inode)) {
    MutexLock lock(child->state);
    if (child->content && !child->content->stored) local_names.push_back(name);
  }
  return directories_.add(std::make_shared<OpenDirectory>(*inode, lister_, known_, lookups_, *path,
                                                          std::move(local_names)));
}

Status PosixFileSystem::readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                                const std::function<bool(const DirEntry&)>& visit) {
  const auto directory = directories_.find(handle);
  if (!directory) return Error{EBADF, "unknown directory handle"};
  const InodePtr& parent = directory->inode;
  DirEntry entry;
  entry.type = S_IFDIR;
  if (offset < kAfterDot) {
    entry.name = ".";
    entry.ino = parent->id;
    entry.next = kAfterDot;
    if (!visit(entry)) return {};
    offset = kAfterDot;
  }
  if (offset < kAfterDotDot) {
    entry.name = "..";
    entry.ino = kRootInode;
    entry.next = kAfterDotDot;
    if (!visit(entry)) return {};
    offset = kAfterDotDot;
  }

  MutexLock lock(directory->mutex);
  directory->names.refresh();
  for (std::size_t place = offset - kFirstItem;;) {
    const auto item = directory->names.at(place);
    if (!item) return item.error();
    if (*item == nullptr) return {};
    place = (*item)->next;
    if (!visit_name(parent, **item, with_attributes, place + kFirstItem, visit)) return {};
  }
}

bool PosixFileSystem::visit_name(const InodePtr& parent, const NodeCache::Item& item,
                                 bool with_attributes, std::uint64_t next,
                                 const std::function<bool(const DirEntry&)>& visit) {
  DirEntry child;
  child.name = item.name;
  child.next = next;
  std::optional<Stat> stat = item.stat;
  bool directory = is_directory(item.form);
  if (const InodePtr known_inode = inodes_.child(parent, item.name)) {
    child.ino = known_inode->id;
    if (const auto node = content_node(known_inode)) {
      stat = node->stat;
      directory = false;
    }
  }
  child.type = stat ? stat->mode & S_IFMT : listed_type(item.listed);
  if (!stat || !with_attributes) return visit(child);
  const InodePtr inode = inodes_.reference(parent, item.name, directory, 1);
  child.ino = inode->id;
  child.attr = shown(inode, *stat);
  if (visit(child)) return true;
  inodes_.forget(inode->id, 1);
  return false;
}

void PosixFileSystem::releasedir(HandleId handle) {
  directories_.take(handle);
}

}  // namespace pailfs::fs
