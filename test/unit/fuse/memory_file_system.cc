// SPDX-License-Identifier: Apache-2.0
#include "memory_file_system.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace pailfs::test {

using namespace pailfs::fs;

MemoryFileSystem::MemoryFileSystem() {
  Node root;
  root.attr.ino = kRootInode;
  root.attr.mode = S_IFDIR | 0755;
  root.attr.nlink = 2;
  root.lookups = 1;
  nodes_.emplace(kRootInode, root);
}

std::uint64_t MemoryFileSystem::lookups(InodeId ino) {
  MutexLock lock(mutex_);
  const auto found = nodes_.find(ino);
  return found == nodes_.end() ? 0 : found->second.lookups;
}

std::size_t MemoryFileSystem::open_handles() {
  MutexLock lock(mutex_);
  return handles_.size();
}

void MemoryFileSystem::fail_next(Error error) {
  MutexLock lock(mutex_);
  failure_ = std::move(error);
  fails_ = true;
}

Status MemoryFileSystem::take_failure() {
  if (!fails_) return {};
  fails_ = false;
  return failure_;
}

void MemoryFileSystem::run_before() {
  if (before) before();
}

Result<MemoryFileSystem::Node*> MemoryFileSystem::node(InodeId ino) {
  const auto found = nodes_.find(ino);
  if (found == nodes_.end()) return Error(ESTALE, "no inode " + std::to_string(ino));
  return &found->second;
}

Result<MemoryFileSystem::Node*> MemoryFileSystem::of_handle(HandleId handle) {
  const auto found = handles_.find(handle);
  if (found == handles_.end()) return Error(EBADF, "no handle " + std::to_string(handle));
  return node(found->second);
}

Result<MemoryFileSystem::Node*> MemoryFileSystem::add(InodeId parent, std::string_view name,
                                                      mode_t mode, const Caller& caller) {
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> directory = node(parent);
  if (!directory) return directory;
  if ((*directory)->children.contains(name)) return Error(EEXIST, std::string(name));
  const InodeId ino = next_inode_++;
  Node fresh;
  fresh.attr.ino = ino;
  fresh.attr.mode = mode;
  fresh.attr.uid = caller.uid;
  fresh.attr.gid = caller.gid;
  fresh.attr.mtime = std::chrono::system_clock::now();
  fresh.lookups = 1;
  (*directory)->children.emplace(name, ino);
  return &nodes_.emplace(ino, fresh).first->second;
}

void MemoryFileSystem::resize(Node& node, std::uint64_t size) {
  node.bytes.resize(size);
  node.attr.size = size;
}

Result<Attr> MemoryFileSystem::lookup(InodeId parent, std::string_view name) {
  run_before();
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> directory = node(parent);
  if (!directory) return directory.error();
  const auto found = (*directory)->children.find(name);
  if (found == (*directory)->children.end()) return Error(ENOENT, std::string(name));
  Node& child = nodes_.at(found->second);
  ++child.lookups;
  return child.attr;
}

void MemoryFileSystem::forget(InodeId ino, std::uint64_t count) {
  MutexLock lock(mutex_);
  const auto found = nodes_.find(ino);
  if (found != nodes_.end()) found->second.lookups -= count;
}

Result<Attr> MemoryFileSystem::getattr(InodeId ino, const AtEnd& /*at_end*/) {
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  return (*found)->attr;
}

Result<Attr> MemoryFileSystem::setattr(InodeId ino, const SetAttr& change) {
  MutexLock lock(mutex_);
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  Attr& attr = (*found)->attr;
  if (change.mode) attr.mode = (attr.mode & S_IFMT) | (*change.mode & 07777U);
  if (change.uid) attr.uid = *change.uid;
  if (change.gid) attr.gid = *change.gid;
  if (change.size) resize(**found, *change.size);
  if (change.atime) attr.atime = *change.atime;
  if (change.mtime) attr.mtime = *change.mtime;
  return attr;
}

Result<std::string> MemoryFileSystem::readlink(InodeId ino) {
  MutexLock lock(mutex_);
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  return (*found)->bytes;
}

Result<Attr> MemoryFileSystem::mknod(InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                                     const Caller& caller) {
  MutexLock lock(mutex_);
  Result<Node*> fresh = add(parent, name, mode, caller);
  if (!fresh) return fresh.error();
  (*fresh)->attr.rdev = rdev;
  return (*fresh)->attr;
}

Result<Attr> MemoryFileSystem::mkdir(InodeId parent, std::string_view name, mode_t mode,
                                     const Caller& caller) {
  MutexLock lock(mutex_);
  Result<Node*> fresh = add(parent, name, S_IFDIR | mode, caller);
  if (!fresh) return fresh.error();
  (*fresh)->attr.nlink = 2;
  return (*fresh)->attr;
}

Result<Attr> MemoryFileSystem::symlink(std::string_view target, InodeId parent,
                                       std::string_view name, const Caller& caller) {
  MutexLock lock(mutex_);
  Result<Node*> fresh = add(parent, name, S_IFLNK | 0777, caller);
  if (!fresh) return fresh.error();
  (*fresh)->bytes = target;
  (*fresh)->attr.size = target.size();
  return (*fresh)->attr;
}

Status MemoryFileSystem::unlink(InodeId parent, std::string_view name) {
  MutexLock lock(mutex_);
  Result<Node*> directory = node(parent);
  if (!directory) return directory.error();
  const auto found = (*directory)->children.find(name);
  if (found == (*directory)->children.end()) return Error(ENOENT, std::string(name));
  (*directory)->children.erase(found);  // the node stays for its open handles
  return {};
}

Status MemoryFileSystem::rmdir(InodeId parent, std::string_view name) {
  MutexLock lock(mutex_);
  Result<Node*> directory = node(parent);
  if (!directory) return directory.error();
  const auto found = (*directory)->children.find(name);
  if (found == (*directory)->children.end()) return Error(ENOENT, std::string(name));
  if (!nodes_.at(found->second).children.empty()) return Error(ENOTEMPTY, std::string(name));
  (*directory)->children.erase(found);
  return {};
}

Status MemoryFileSystem::rename(InodeId parent, std::string_view name, InodeId new_parent,
                                std::string_view new_name, bool no_replace) {
  MutexLock lock(mutex_);
  Result<Node*> from = node(parent);
  Result<Node*> to = node(new_parent);
  if (!from) return from.error();
  if (!to) return to.error();
  const auto found = (*from)->children.find(name);
  if (found == (*from)->children.end()) return Error(ENOENT, std::string(name));
  if (no_replace && (*to)->children.contains(new_name)) return Error(EEXIST, std::string(new_name));
  const InodeId ino = found->second;
  (*from)->children.erase(found);
  (*to)->children.insert_or_assign(std::string(new_name), ino);
  return {};
}

Result<OpenResult> MemoryFileSystem::open(InodeId ino, int flags, const Caller& /*caller*/) {
  run_before();
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  last_open_flags = flags;
  if ((flags & O_TRUNC) != 0) resize(**found, 0);
  const HandleId handle = next_handle_++;
  handles_.emplace(handle, ino);
  return OpenResult{.handle = handle, .keep_page_cache = false};
}

Result<CreateResult> MemoryFileSystem::create(InodeId parent, std::string_view name, mode_t mode,
                                              int /*flags*/, const Caller& caller) {
  run_before();
  MutexLock lock(mutex_);
  Result<Node*> fresh = add(parent, name, S_IFREG | mode, caller);
  if (!fresh) return fresh.error();
  const HandleId handle = next_handle_++;
  handles_.emplace(handle, (*fresh)->attr.ino);
  return CreateResult{.attr = (*fresh)->attr, .handle = handle};
}

Result<fs::ReadBytes> MemoryFileSystem::read(HandleId handle, std::uint64_t offset,
                                             std::size_t size) {
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> found = of_handle(handle);
  if (!found) return found.error();
  const std::string& bytes = (*found)->bytes;
  fs::ReadBytes read;
  if (offset >= bytes.size()) return read;
  // In two pieces, as real blocks would be.
  const auto copy = std::make_shared<const std::string>(bytes.substr(offset, size));
  const std::span<const char> all(*copy);
  read.add(all.first(all.size() / 2), copy);
  read.add(all.subspan(all.size() / 2), copy);
  return read;
}

Result<std::size_t> MemoryFileSystem::write(HandleId handle, std::uint64_t offset,
                                            std::span<const char> bytes,
                                            fs::WriteOrigin /*origin*/) {
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure.error();
  Result<Node*> found = of_handle(handle);
  if (!found) return found.error();
  Node& file = **found;
  if (file.bytes.size() < offset + bytes.size()) resize(file, offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(),
            file.bytes.begin() + static_cast<std::string::difference_type>(offset));
  file.attr.mtime = std::chrono::system_clock::now();
  return bytes.size();
}

Status MemoryFileSystem::allocate(HandleId handle, const Allocation& what,
                                  const Caller& /*caller*/) {
  MutexLock lock(mutex_);
  if (Status failure = take_failure(); !failure) return failure;
  Result<Node*> found = of_handle(handle);
  if (!found) return found.error();
  const std::uint64_t end = what.offset + what.size;
  if (what.grows && (*found)->bytes.size() < end) resize(**found, end);
  return {};
}

Status MemoryFileSystem::flush(HandleId handle, const AnotherClose& another_close_comes) {
  MutexLock lock(mutex_);
  Result<Node*> found = of_handle(handle);
  if (!found) return found.error();
  const bool empty = (*found)->bytes.empty();
  if (empty && another_close_comes && another_close_comes((*found)->attr.ino)) return {};
  ++flushes;
  return take_failure();
}

Status MemoryFileSystem::fsync(HandleId handle) {
  return flush(handle, {});
}

void MemoryFileSystem::release(HandleId handle) {
  MutexLock lock(mutex_);
  handles_.erase(handle);
}

Result<HandleId> MemoryFileSystem::opendir(InodeId ino) {
  run_before();
  MutexLock lock(mutex_);
  const HandleId handle = next_handle_++;
  handles_.emplace(handle, ino);
  return handle;
}

Status MemoryFileSystem::readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                                 const std::function<bool(const DirEntry&)>& visit) {
  run_before();
  MutexLock lock(mutex_);
  Result<Node*> found = of_handle(handle);
  if (!found) return found.error();
  std::uint64_t position = 0;
  for (const std::string_view name : {".", ".."}) {
    if (++position <= offset) continue;
    DirEntry entry;
    entry.name = name;
    entry.type = S_IFDIR;
    entry.next = position;
    if (!visit(entry)) return {};
  }
  for (const auto& [name, ino] : (*found)->children) {
    if (++position <= offset) continue;
    Node& child = nodes_.at(ino);
    DirEntry entry;
    entry.name = name;
    entry.type = child.attr.mode & S_IFMT;
    entry.next = position;
    if (with_attributes && attributes_known) entry.attr = child.attr;
    if (!visit(entry)) return take_failure();
    if (entry.attr) ++child.lookups;
  }
  return take_failure();
}

void MemoryFileSystem::releasedir(HandleId handle) {
  release(handle);
}

StatFs MemoryFileSystem::statfs() {
  return {.block_size = 16U << 20U, .blocks = 1000, .files = 77, .name_max = 255};
}

Result<std::string> MemoryFileSystem::getxattr(InodeId ino, std::string_view name) {
  MutexLock lock(mutex_);
  if (!supports_xattr) return Error(ENOTSUP, "xattr");
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  const auto value = (*found)->xattrs.find(name);
  if (value == (*found)->xattrs.end()) return Error(ENODATA, std::string(name));
  return value->second;
}

Result<std::vector<std::string>> MemoryFileSystem::listxattr(InodeId ino) {
  MutexLock lock(mutex_);
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  std::vector<std::string> names;
  for (const auto& [name, value] : (*found)->xattrs) names.push_back(name);
  return names;
}

Status MemoryFileSystem::setxattr(InodeId ino, std::string_view name, std::string_view value,
                                  XattrMode mode, const Caller& /*caller*/) {
  MutexLock lock(mutex_);
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  const bool present = (*found)->xattrs.contains(name);
  if (mode == XattrMode::create && present) return Error(EEXIST, std::string(name));
  if (mode == XattrMode::replace && !present) return Error(ENODATA, std::string(name));
  (*found)->xattrs.insert_or_assign(std::string(name), std::string(value));
  return {};
}

Status MemoryFileSystem::removexattr(InodeId ino, std::string_view name) {
  MutexLock lock(mutex_);
  Result<Node*> found = node(ino);
  if (!found) return found.error();
  const auto entry = (*found)->xattrs.find(name);
  if (entry == (*found)->xattrs.end()) return Error(ENODATA, std::string(name));
  (*found)->xattrs.erase(entry);
  return {};
}

fs::Activity MemoryFileSystem::activity() {
  fs::Activity activity;
  activity.open_files = open_handles();
  activity.unstored = unstored;
  return activity;
}

Result<fs::Refreshed> MemoryFileSystem::refresh(std::string_view path, const Forgets& forgets) {
  if (path == "nowhere") return Error{EINVAL, "no such path"};
  forgets(fs::kRootInode);
  return fs::Refreshed{1, false};
}

Result<fs::Refreshed> MemoryFileSystem::refresh(fs::InodeId ino, const Forgets& forgets) {
  forgets(ino);
  return fs::Refreshed{1, false};
}

Status MemoryFileSystem::sync_all() {
  ++syncs;
  if (before_sync) before_sync();
  if (sync_errno != 0) return Error(sync_errno, "a.txt was not stored");
  return {};
}

}  // namespace pailfs::test
