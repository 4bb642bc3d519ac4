// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/listed_node.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Offsets of the entries: "." is followed by 1, ".." by 2, item i by i + 3.
constexpr std::uint64_t kAfterDot = 1;
constexpr std::uint64_t kAfterDotDot = 2;
constexpr std::uint64_t kFirstItem = 2;

}  // namespace

Result<HandleId> PosixFileSystem::opendir(InodeId ino) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (!(*inode)->directory) return Error{ENOTDIR, "not a directory"};
  const auto path = path_of(*inode);
  if (!path) return path.error();
  auto opened = std::make_shared<OpenDirectory>(*inode);
  MutexLock lock(opened->mutex);
  begin_names(*opened, *path);
  return directories_.add(opened);
}

void PosixFileSystem::begin_names(OpenDirectory& directory, const std::string& path) {
  std::vector<std::string> local_names;
  for (const auto& [name, child] : inodes_.pinned_in(directory.inode)) {
    MutexLock lock(child->content_mutex);
    // What is open with unstored bytes exists here, as for a lookup, also when another client has
    // removed its object.
    const bool local =
        child->content && (!child->content->is_stored() || child->content->must_be_stored());
    if (local) local_names.push_back(name);
  }
  if (directory.names) {
    directory.names->begin_anew(path, local_names);
  } else {
    directory.names.emplace(lister_, known_.listings, listing_fetcher_, lookups_, path,
                            local_names);
  }
  directory.begun = false;
}

Status PosixFileSystem::readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                                const std::function<bool(const DirEntry&)>& visit) {
  const auto directory = directories_.find(handle);
  if (!directory) return Error{EBADF, "unknown directory handle"};
  const InodePtr& parent = directory->inode;
  const bool from_start = offset == 0;
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
    entry.ino = inodes_.number_above(parent);
    entry.next = kAfterDotDot;
    if (!visit(entry)) return {};
    offset = kAfterDotDot;
  }

  const auto named = inodes_.path(parent);
  const std::string path = named.value_or("");
  MutexLock lock(directory->mutex);
  // rewinddir: then the names are those that a new opendir would find.
  if (from_start && directory->begun && named) begin_names(*directory, path);
  if (from_start && named) walks_.on_listed(path);
  directory->begun = true;
  auto& names = directory->names;
  if (!names) return Error{EBADF, "a directory that is not open"};
  names->refresh();
  for (std::size_t place = offset - kFirstItem;;) {
    const auto item = names->at(place);
    if (!item) return item.error();
    if (*item == nullptr) return {};
    place = (*item)->next;
    if (!visit_name(parent, path, **item, with_attributes, place + kFirstItem, visit)) return {};
  }
}

bool PosixFileSystem::visit_name(const InodePtr& parent, const std::string& path,
                                 const ListingCache::Item& item, bool with_attributes,
                                 std::uint64_t next,
                                 const std::function<bool(const DirEntry&)>& visit) {
  DirEntry child;
  child.name = item.name;
  // cp and others go through a directory in the order of these numbers. Names without known
  // attributes get none, so that they keep the order of the listing, in which they are fetched
  // ahead.
  if (item.stat) child.ino = inodes_.number_in(parent, child.name);
  child.next = next;
  std::optional<Stat> stat = item.stat;
  bool directory = is_directory(item.form);
  if (!stat && config_.attributes == AttributeSource::listing) {
    stat = listed_node(item.listed, config_).stat;
    directory = !item.listed.file;
  }
  const bool walked = with_attributes && walks_.wants_attributes(path, item.next);
  if (walked && item.listed.file) {
    // A program that asks about each name while it reads on will ask about these too; most are
    // being fetched.
    const std::string own = join_path(path, item.name);
    walks_.on_listed_with_attributes(own);
    const auto node = stat ? Result<Node>(Error{}) : resolver_.resolve(own);
    if (node) {
      stat = node->stat;
      directory = is_directory(node->form);
    }
  }
  if (const InodePtr known_inode = inodes_.child(parent, item.name)) {
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
  if (visit(child)) {
    MutexLock lock(inode->content_mutex);
    inode->kernel.told(*child.attr);
    return true;
  }
  inodes_.forget(inode->id, 1);
  return false;
}

void PosixFileSystem::releasedir(HandleId handle) {
  directories_.take(handle);
  keep_attributes_sometimes();
}

}  // namespace pailfs::fs
