// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

PlaceCode code_of_path(std::string_view prefix, std::string_view path) {
  PlaceCode code = code_of_root(prefix);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    code = code_in(code, path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return code;
}

Error stale() {
  return {ESTALE, "the file of this handle is gone, or nothing is known of its name any more"};
}

}  // namespace

Result<Attr> PosixFileSystem::lookup_number(InodeId ino) {
  InodePtr inode = inodes_.look_up(ino);
  if (!inode) inode = find_forgotten(ino);
  if (!inode) return stale();
  const auto node = node_of(inode);
  if (node) return told(inode, node->stat);
  inodes_.forget(inode->id, 1);
  return node.error().err == ENOENT ? stale() : node.error();
}

Result<Attr> PosixFileSystem::lookup_above(InodeId ino) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (inodes_.is_detached(*inode)) return stale();
  return lookup_number(inodes_.number_above(*inode));
}

InodePtr PosixFileSystem::find_forgotten(InodeId ino) {
  const auto search = inodes_.search(ino);
  if (!search) return nullptr;
  std::optional<std::string> path;
  for (const std::string& directory : known_.snapshot.directories()) {
    const PlaceCode above = code_of_path(config_.prefix, directory);
    const auto name = known_.snapshot.find_name(directory, [&](std::string_view candidate) {
      return search->matches(code_in(above, candidate));
    });
    if (name) path = join_path(directory, *name);
    if (!directory.empty() && search->matches(above)) path = directory;
    if (path) break;
  }
  if (!path) return nullptr;
  InodePtr inode = reach(*path);
  if (inode && inode->id != ino) {
    // Another file has this name now, with another number.
    inodes_.forget(inode->id, 1);
    inode = nullptr;
  }
  return inode;
}

InodePtr PosixFileSystem::reach(const std::string& path) {
  const auto node = resolver_.resolve(path);
  if (!node) return nullptr;
  InodePtr at = inodes_.root();
  std::vector<InodeId> passed;
  std::string_view rest = path;
  for (std::size_t slash = rest.find('/'); slash != std::string_view::npos;
       slash = rest.find('/')) {
    at = inodes_.reference(at, rest.substr(0, slash), true, 1);
    passed.push_back(at->id);
    rest.remove_prefix(slash + 1);
  }
  at = inodes_.reference(at, rest, is_directory(node->form), 1);
  // The inodes below them keep them from here on.
  for (const InodeId id : passed) inodes_.forget(id, 1);
  return at;
}

}  // namespace pailfs::fs
