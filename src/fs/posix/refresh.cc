// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "pailfs/util/text.h"

#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Inodes taken from the table at a time.
constexpr std::size_t kAtATime = 1'000;

bool is_path(std::string_view path) {
  if (path.empty()) return true;
  for (const std::string& name : split(path, '/')) {
    if (!is_storable_name(name)) return false;
  }
  return true;
}

}  // namespace

InodePtr PosixFileSystem::inode_at(std::string_view path) {
  InodePtr at = inodes_.root();
  if (path.empty()) return at;
  for (const std::string& name : split(path, '/')) {
    at = inodes_.child(at, name);
    if (!at) return nullptr;
  }
  return at;
}

void PosixFileSystem::refresh_inode(Inode& inode, Refreshed& done) {
  ++done.inodes;
  if (inode.directory) return;
  MutexLock lock(inode.content_mutex);
  if (inode.content) {
    done.open_files = true;
    return;
  }
  inode.paged_version = {};
  inode.kernel.forgotten();
}

Result<Refreshed> PosixFileSystem::refresh(std::string_view path, const Forgets& forgets) {
  if (!is_path(path)) return Error{EINVAL, printable(path) + ": not a path of a mount"};
  const std::string top(path);
  // First what later questions could be answered from, then the kernel, which asks them.
  known_.nodes.refresh_below(top);
  const store::Key key = top.empty() ? config_.prefix : file_key(config_.prefix, top);
  fetcher_.forget_below(key);
  store_.refresh(key);
  Refreshed done;
  const InodePtr first = inode_at(path);
  if (!first) return done;
  refresh_inode(*first, done);
  forgets(first->id);
  std::vector<InodePtr> directories;
  if (first->directory) directories.push_back(first);
  while (!directories.empty()) {
    const InodePtr directory = std::move(directories.back());
    directories.pop_back();
    std::string last;
    for (;;) {
      const auto some = inodes_.children(directory, last, kAtATime);
      for (const auto& [name, inode] : some) {
        refresh_inode(*inode, done);
        forgets(inode->id);
        if (inode->directory) directories.push_back(inode);
      }
      if (some.size() < kAtATime) break;
      last = some.back().first;
    }
  }
  return done;
}

Result<Refreshed> PosixFileSystem::refresh(InodeId ino, const Forgets& forgets) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  const auto path = path_of(*inode);
  if (!path) return path.error();
  return refresh(*path, forgets);
}

Result<bool> PosixFileSystem::is_there(std::string_view path) {
  if (!is_path(path)) return Error{EINVAL, printable(path) + ": not a path of a mount"};
  if (path.empty()) return true;
  const std::string whole(path);
  const auto node = resolve(whole);
  if (node) return true;
  if (node.error().err != ENOENT) return node.error();
  known_.nodes.refresh_below(whole);
  // A clean file that is open may be gone from the store.
  const InodePtr inode = inode_at(path);
  return inode && content_node(inode) && !clean_version(*inode);
}

}  // namespace pailfs::fs
