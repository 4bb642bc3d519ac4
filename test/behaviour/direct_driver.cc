// SPDX-License-Identifier: Apache-2.0
#include "direct_driver.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include "pailfs/util/text.h"

namespace pailfs::test {
namespace {

FileStat stat_of(const fs::Attr& attr) {
  return {attr.mode, attr.nlink, attr.uid,   attr.gid,  attr.size,
          attr.ino,  attr.atime, attr.mtime, attr.ctime};
}

Error errno_error(int err, const std::string& path) {
  return system_error(err, path);
}

}  // namespace

class DirectDriver::Ref {
 public:
  Ref(fs::FileSystem& fs, fs::Attr attr, std::uint64_t count)
      : fs_(&fs), attr_(attr), count_(count) {}
  Ref(Ref&& other) noexcept
      : fs_(other.fs_), attr_(other.attr_), count_(std::exchange(other.count_, 0)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(fs_, other.fs_);
    std::swap(attr_, other.attr_);
    std::swap(count_, other.count_);
    return *this;
  }
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  ~Ref() {
    if (count_ > 0) fs_->forget(attr_.ino, count_);
  }
  [[nodiscard]] const fs::Attr& attr() const { return attr_; }
  [[nodiscard]] fs::InodeId ino() const { return attr_.ino; }
  /// The caller forgets it later.
  void keep() { count_ = 0; }

 private:
  fs::FileSystem* fs_;
  fs::Attr attr_;
  std::uint64_t count_;
};

struct DirectDriver::Parent {
  Ref directory;
  std::string name;
};

Result<DirectDriver::Ref> DirectDriver::walk(const std::string& path) {
  fs::Attr root;
  root.ino = fs::kRootInode;
  root.mode = S_IFDIR;
  Ref at(fs_, root, 0);
  if (path.empty()) {
    auto attr = fs_.getattr(fs::kRootInode);
    if (!attr) return attr.error();
    return Ref(fs_, *attr, 0);
  }
  for (const std::string& name : split(path, '/')) {
    if (!S_ISDIR(at.attr().mode)) return errno_error(ENOTDIR, path);
    auto next = fs_.lookup(at.ino(), name);
    if (!next) return next.error();
    at = Ref(fs_, *next, 1);
  }
  return at;
}

Result<DirectDriver::Parent> DirectDriver::walk_parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  auto directory = walk(slash == std::string::npos ? "" : path.substr(0, slash));
  if (!directory) return directory.error();
  if (!S_ISDIR(directory->attr().mode)) return errno_error(ENOTDIR, path);
  return Parent{std::move(*directory), path.substr(slash == std::string::npos ? 0 : slash + 1)};
}

Result<DirectDriver::OpenFile*> DirectDriver::file(int fd) {
  const auto found = files_.find(fd);
  if (found == files_.end()) return errno_error(EBADF, "fd");
  return &found->second;
}

Result<int> DirectDriver::open(const std::string& path, int flags, mode_t mode) {
  auto opened = open_once(path, flags, mode);
  // As the kernel does, which looks every name of the path up again.
  const bool stale = !opened && opened.error().err == ESTALE;
  return stale ? open_once(path, flags, mode) : opened;
}

Result<int> DirectDriver::open_once(const std::string& path, int flags, mode_t mode) {
  auto found = walk(path);
  OpenFile file;
  file.append = (flags & O_APPEND) != 0;
  if (found) {
    if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return errno_error(EEXIST, path);
    if (S_ISDIR(found->attr().mode) && (flags & O_ACCMODE) != O_RDONLY) {
      return errno_error(EISDIR, path);
    }
    auto opened = fs_.open(found->ino(), flags & ~(O_CREAT | O_EXCL));
    if (!opened) return opened.error();
    file.ino = found->ino();
    file.handle = opened->handle;
    found->keep();
  } else {
    if (found.error().err != ENOENT || (flags & O_CREAT) == 0) return found.error();
    auto parent = walk_parent(path);
    if (!parent) return parent.error();
    auto created = fs_.create(parent->directory.ino(), parent->name, S_IFREG | mode,
                              flags & ~O_CREAT, caller_);
    if (!created) return created.error();
    file.ino = created->attr.ino;
    file.handle = created->handle;
  }
  files_[next_fd_] = file;
  return next_fd_++;
}

Status DirectDriver::close(int fd) {
  auto file = this->file(fd);
  if (!file) return file.error();
  Status verdict = fs_.flush((*file)->handle);
  fs_.release((*file)->handle);
  fs_.forget((*file)->ino, 1);
  files_.erase(fd);
  return verdict;
}

void DirectDriver::close_all() {
  while (!files_.empty()) {
    const Status ignored = close(files_.begin()->first);
  }
}

Result<std::string> DirectDriver::pread(int fd, std::uint64_t offset, std::size_t size) {
  auto file = this->file(fd);
  if (!file) return file.error();
  const auto read = fs_.read((*file)->handle, offset, size);
  if (!read) return read.error();
  std::string bytes(read->size(), '\0');
  read->copy_to(bytes);
  return bytes;
}

Status DirectDriver::pwrite(int fd, std::uint64_t offset, std::string_view bytes) {
  return put(fd, offset, bytes, {});
}

Status DirectDriver::put(int fd, std::uint64_t offset, std::string_view bytes,
                         fs::WriteOrigin origin) {
  auto file = this->file(fd);
  if (!file) return file.error();
  // The kernel cuts writes into requests of at most 1 MiB.
  constexpr std::size_t kMost = 1U << 20U;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMost);
    auto n = fs_.write((*file)->handle, offset, piece, origin);
    if (!n) return n.error();
    if (*n == 0 || *n > piece.size()) return errno_error(EPROTO, "write of an impossible length");
    offset += *n;
    bytes.remove_prefix(*n);
  }
  return {};
}

Status DirectDriver::write(int fd, std::string_view bytes) {
  auto file = this->file(fd);
  if (!file) return file.error();
  if ((*file)->append) {
    auto attr = fs_.getattr((*file)->ino);
    if (!attr) return attr.error();
    (*file)->position = attr->size;
  }
  Status done = put(fd, (*file)->position, bytes, {.appends = (*file)->append});
  if (done) (*file)->position += bytes.size();
  return done;
}

Status DirectDriver::fsync(int fd) {
  auto file = this->file(fd);
  if (!file) return file.error();
  return fs_.fsync((*file)->handle);
}

Result<FileStat> DirectDriver::fstat(int fd) {
  auto file = this->file(fd);
  if (!file) return file.error();
  auto attr = fs_.getattr((*file)->ino);
  if (!attr) return attr.error();
  return stat_of(*attr);
}

Status DirectDriver::ftruncate(int fd, std::uint64_t size) {
  auto file = this->file(fd);
  if (!file) return file.error();
  fs::SetAttr change;
  change.size = size;
  auto attr = fs_.setattr((*file)->ino, change);
  return attr ? Status() : attr.error();
}

Status DirectDriver::fchmod(int fd, mode_t mode) {
  auto file = this->file(fd);
  if (!file) return file.error();
  fs::SetAttr change;
  change.mode = mode;
  auto attr = fs_.setattr((*file)->ino, change);
  return attr ? Status() : attr.error();
}

Result<FileStat> DirectDriver::stat(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  auto attr = fs_.getattr(found->ino());
  // As the kernel does, which looks every name of the path up again.
  if (!attr && attr.error().err == ESTALE) {
    found = walk(path);
    if (!found) return found.error();
    attr = fs_.getattr(found->ino());
  }
  if (!attr) return attr.error();
  return stat_of(*attr);
}

Status DirectDriver::mkdir(const std::string& path, mode_t mode) {
  if (walk(path)) return errno_error(EEXIST, path);
  auto parent = walk_parent(path);
  if (!parent) return parent.error();
  auto made = fs_.mkdir(parent->directory.ino(), parent->name, mode, caller_);
  if (!made) return made.error();
  fs_.forget(made->ino, 1);
  return {};
}

Status DirectDriver::rmdir(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  auto parent = walk_parent(path);
  if (!parent) return parent.error();
  return fs_.rmdir(parent->directory.ino(), parent->name);
}

Status DirectDriver::unlink(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  auto parent = walk_parent(path);
  if (!parent) return parent.error();
  return fs_.unlink(parent->directory.ino(), parent->name);
}

Status DirectDriver::rename(const std::string& from, const std::string& to, bool no_replace) {
  auto source = walk(from);
  if (!source) return source.error();
  auto target = walk(to);
  if (!target && target.error().err != ENOENT) return target.error();
  auto from_parent = walk_parent(from);
  if (!from_parent) return from_parent.error();
  auto to_parent = walk_parent(to);
  if (!to_parent) return to_parent.error();
  return fs_.rename(from_parent->directory.ino(), from_parent->name, to_parent->directory.ino(),
                    to_parent->name, no_replace);
}

Status DirectDriver::mknod(const std::string& path, mode_t mode) {
  if (walk(path)) return errno_error(EEXIST, path);
  auto parent = walk_parent(path);
  if (!parent) return parent.error();
  auto made = fs_.mknod(parent->directory.ino(), parent->name, mode, 0, caller_);
  if (!made) return made.error();
  fs_.forget(made->ino, 1);
  return {};
}

Status DirectDriver::symlink(const std::string& target, const std::string& path) {
  if (walk(path)) return errno_error(EEXIST, path);
  auto parent = walk_parent(path);
  if (!parent) return parent.error();
  auto made = fs_.symlink(target, parent->directory.ino(), parent->name, caller_);
  if (!made) return made.error();
  fs_.forget(made->ino, 1);
  return {};
}

Result<std::string> DirectDriver::readlink(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  if (!S_ISLNK(found->attr().mode)) return errno_error(EINVAL, path);
  return fs_.readlink(found->ino());
}

Result<std::vector<std::string>> DirectDriver::readdir(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  if (!S_ISDIR(found->attr().mode)) return errno_error(ENOTDIR, path);
  auto handle = fs_.opendir(found->ino());
  if (!handle) return handle.error();
  std::vector<std::string> names;
  std::vector<fs::InodeId> looked_up;
  std::uint64_t offset = 0;
  Status verdict;
  // A buffer that is full after 37 entries: the directory is read in several calls, as the kernel
  // does.
  for (bool more = true; more && verdict;) {
    int room = 37;
    more = false;
    verdict = fs_.readdir(*handle, offset, false, [&](const fs::DirEntry& entry) {
      if (room-- == 0) {
        more = true;
        return false;
      }
      if (entry.attr) looked_up.push_back(entry.attr->ino);
      if (entry.name != "." && entry.name != "..") names.emplace_back(entry.name);
      offset = entry.next;
      return true;
    });
  }
  fs_.releasedir(*handle);
  for (const fs::InodeId ino : looked_up) fs_.forget(ino, 1);
  if (!verdict) return verdict.error();
  return names;
}

Status DirectDriver::set(const std::string& path, const fs::SetAttr& change) {
  auto found = walk(path);
  if (!found) return found.error();
  auto attr = fs_.setattr(found->ino(), change);
  return attr ? Status() : attr.error();
}

Status DirectDriver::chmod(const std::string& path, mode_t mode) {
  fs::SetAttr change;
  change.mode = mode;
  return set(path, change);
}

Status DirectDriver::chown(const std::string& path, uid_t uid, gid_t gid) {
  fs::SetAttr change;
  change.uid = uid;
  change.gid = gid;
  return set(path, change);
}

Status DirectDriver::utimens(const std::string& path, std::optional<WallTime> atime,
                             std::optional<WallTime> mtime) {
  fs::SetAttr change;
  change.atime = atime;
  change.mtime = mtime;
  return set(path, change);
}

Status DirectDriver::truncate(const std::string& path, std::uint64_t size) {
  fs::SetAttr change;
  change.size = size;
  return set(path, change);
}

Status DirectDriver::setxattr(const std::string& path, const std::string& name,
                              const std::string& value, int flags) {
  auto found = walk(path);
  if (!found) return found.error();
  const auto mode = flags == XATTR_CREATE    ? fs::XattrMode::create
                    : flags == XATTR_REPLACE ? fs::XattrMode::replace
                                             : fs::XattrMode::any;
  return fs_.setxattr(found->ino(), name, value, mode, caller_);
}

Result<std::string> DirectDriver::getxattr(const std::string& path, const std::string& name) {
  auto found = walk(path);
  if (!found) return found.error();
  return fs_.getxattr(found->ino(), name);
}

Result<std::vector<std::string>> DirectDriver::listxattr(const std::string& path) {
  auto found = walk(path);
  if (!found) return found.error();
  return fs_.listxattr(found->ino());
}

Status DirectDriver::removexattr(const std::string& path, const std::string& name) {
  auto found = walk(path);
  if (!found) return found.error();
  return fs_.removexattr(found->ino(), name);
}

}  // namespace pailfs::test
