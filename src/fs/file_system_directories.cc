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
  return directories_.add(std::make_shared<OpenDirectory>(
      *inode, DirSnapshot(config_, store_, known_, clock_.now(), *path, std::move(local_names))));
}

Status PosixFileSystem::readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                                const std::function<bool(const DirEntry&)>& visit) {
  const auto directory = directories_.find(handle);
  if (!directory) return Error{EBADF, "unknown directory handle"};
  const InodePtr& parent = directory->inode;
  const auto parent_of_name = inodes_.path(parent);
  const std::string path = parent_of_name.value_or("");

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
  for (std::size_t i = offset - kFirstItem;; ++i) {
    const auto item = directory->snapshot.at(i);
    if (!item) return item.error();
    if (*item == nullptr) return {};
    const std::string& name = (*item)->name;
    DirEntry child;
    child.name = name;
    child.type = listed_type((*item)->listed);
    child.next = i + kFirstItem + 1;
    const InodePtr known_inode = inodes_.child(parent, name);
    if (known_inode) child.ino = known_inode->id;

    std::optional<Node> node = known_inode ? content_node(known_inode) : std::nullopt;
    if (!node) node = known_.find(join_path(path, name));
    if (node && node->form == Form::absent) {
      const auto learnt = known_.learnt(join_path(path, name));
      if (learnt && *learnt >= directory->snapshot.begun()) continue;  // removed since
      node = std::nullopt;
    }
    if (node) child.type = node->stat.mode & S_IFMT;
    if (node && with_attributes) {
      const InodePtr inode = inodes_.reference(parent, name, is_directory(node->form), 1);
      child.ino = inode->id;
      child.attr = shown(inode, node->stat);
      if (!visit(child)) {
        inodes_.forget(inode->id, 1);
        return {};
      }
    } else if (!visit(child)) {
      return {};
    }
  }
}

void PosixFileSystem::releasedir(HandleId handle) {
  directories_.take(handle);
}

}  // namespace pailfs::fs
