// SPDX-License-Identifier: Apache-2.0
#include "side.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::test {
namespace {

using Kind = Call::Kind;

Outcome verdict(long result) {
  if (result < 0) return {errno, {}};
  return {0, {}};
}

Outcome counted(long result) {
  if (result < 0) return {errno, {}};
  return {0, std::to_string(result)};
}

std::string bytes_of(const Call& call) {
  return std::string(call.size, static_cast<char>(call.fill));
}

Outcome read_bytes(int fd, const Call& call) {
  std::string bytes(call.size, '\0');
  const ssize_t n = call.kind == Kind::read
                        ? ::read(fd, bytes.data(), bytes.size())
                        : ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(call.offset));
  if (n < 0) return {errno, {}};
  bytes.resize(static_cast<std::size_t>(n));
  return {0, bytes};
}

/// A mapping covers whole pages, but only bytes within the file may be touched.
Outcome map(int fd, const Call& call, bool writing) {
  struct stat raw {};
  if (::fstat(fd, &raw) != 0) return {errno, {}};
  const auto length = static_cast<std::size_t>(raw.st_size);
  if (!S_ISREG(raw.st_mode) || length <= call.offset || length > (1U << 20U)) return {ENXIO, {}};
  void* mapped = ::mmap(nullptr, length, writing ? PROT_READ | PROT_WRITE : PROT_READ,
                        writing ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) return {errno, {}};
  char* const from = static_cast<char*>(mapped) + call.offset;
  const std::size_t size = std::min<std::size_t>(call.size, length - call.offset);
  Outcome outcome;
  if (writing) {
    ::memset(from, call.fill, size);
    if (::msync(mapped, length, MS_SYNC) != 0) outcome.err = errno;
  } else {
    outcome.value.assign(from, size);
  }
  ::munmap(mapped, length);
  if (!writing) return outcome;
  // POSIX does not say when such a write moves the file's times; tmpfs never does.
  const timespec fixed[2] = {time_choice(2), time_choice(3)};
  ::setfsuid(0);
  ::futimens(fd, fixed);
  ::setfsuid(users().at(static_cast<std::size_t>(call.user)).uid);
  return outcome;
}

}  // namespace

std::string Outcome::text() const {
  if (err != 0) return ::strerrorname_np(err) != nullptr ? ::strerrorname_np(err) : "errno";
  if (value.empty()) return "success";
  if (value.size() <= 40) return "success, " + printable(value);
  return "success, " + std::to_string(value.size()) + " bytes";
}

Become::Become(const User& user) {
  // The C library's setgroups would do it for all threads.
  ::syscall(SYS_setgroups, user.groups.size(), user.groups.data());
  ::setfsgid(user.gid);
  ::setfsuid(user.uid);
}

Become::~Become() {
  ::setfsuid(0);
  ::setfsgid(0);
  ::syscall(SYS_setgroups, 0, nullptr);
}

void Side::make_root() {
  ::mkdir(top_.c_str(), 0777);
  std::string path = top_;
  for (const char* level : {"1", "2", "3"}) {
    path += std::string("/") + level;
    ::mkdir(path.c_str(), 0777);
  }
}

std::string Side::at(const std::string& path) const {
  const std::string root = top_ + "/1/2/3";
  return path.empty() ? root : root + "/" + path;
}

void Side::close_all() {
  for (int& fd : slots_) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
}

Outcome Side::perform(const Call& call) {
  if (call.kind == Kind::umask) {
    ::umask(call.mode);
    return {};
  }
  const Become user(users().at(static_cast<std::size_t>(call.user)));
  const int fd = slots_.at(static_cast<std::size_t>(call.slot));
  switch (call.kind) {
    case Kind::open:
      return open(call);
    case Kind::close:
      slots_.at(static_cast<std::size_t>(call.slot)) = -1;
      return verdict(::close(fd));
    case Kind::dup:
      return duplicate(call, fd);
    case Kind::reopen:
      return reopen(call, fd);
    case Kind::mkdir:
    case Kind::rmdir:
    case Kind::unlink:
    case Kind::rename:
    case Kind::link:
    case Kind::symlink:
    case Kind::readlink:
    case Kind::mknod:
      return on_names(call);
    case Kind::truncate:
    case Kind::chmod:
    case Kind::chown:
    case Kind::lchown:
    case Kind::utimens:
    case Kind::access:
    case Kind::stat:
    case Kind::setxattr:
    case Kind::getxattr:
    case Kind::removexattr:
      return on_attributes(call);
    default:
      return on_descriptor(call, fd);
  }
}

Outcome Side::open(const Call& call) {
  int& slot = slots_.at(static_cast<std::size_t>(call.slot));
  if (slot >= 0) ::close(slot);
  // Devices and pipes are not to be opened in earnest.
  slot = ::open(at(call.path).c_str(), call.flags | O_CLOEXEC | O_NONBLOCK, call.mode & 07777);
  return verdict(slot);
}

Outcome Side::duplicate(const Call& call, int fd) {
  int& slot = slots_.at(static_cast<std::size_t>(call.number));
  if (call.number == call.slot) return {};
  if (slot >= 0) ::close(slot);
  slot = ::dup(fd);
  return verdict(slot);
}

Outcome Side::reopen(const Call& call, int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int opened = ::open(path.c_str(), call.flags | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return {errno, {}};
  int& slot = slots_.at(static_cast<std::size_t>(call.number));
  if (slot >= 0) ::close(slot);
  slot = opened;
  return {};
}

Outcome Side::link(const Call& call) {
  if (can_link_) return {EOPNOTSUPP, {}};
  const int result = ::linkat(AT_FDCWD, at(call.path).c_str(), AT_FDCWD, at(call.other).c_str(), 0);
  // Refused for another reason first, where there is one.
  return {result == 0 ? 0 : EOPNOTSUPP, {}};
}

Outcome Side::on_names(const Call& call) {
  const std::string path = at(call.path);
  switch (call.kind) {
    case Kind::mkdir:
      return verdict(::mkdir(path.c_str(), call.mode & 07777));
    case Kind::rmdir:
      return verdict(::rmdir(path.c_str()));
    case Kind::unlink:
      return verdict(::unlink(path.c_str()));
    case Kind::rename:
      return verdict(::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, at(call.other).c_str(),
                                 call.flags != 0 ? RENAME_NOREPLACE : 0U));
    case Kind::link:
      return link(call);
    case Kind::symlink:
      return verdict(::symlink(call.other.c_str(), path.c_str()));
    case Kind::readlink: {
      std::string target(4096, '\0');
      const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
      if (n < 0) return {errno, {}};
      target.resize(static_cast<std::size_t>(n));
      return {0, target};
    }
    default:
      return verdict(::mknod(path.c_str(), call.mode,
                             makedev(static_cast<unsigned>(call.number) >> 8U,
                                     static_cast<unsigned>(call.number) & 0xffU)));
  }
}

Outcome Side::on_attributes(const Call& call) {
  const std::string path = at(call.path);
  const auto uid = static_cast<uid_t>(call.uid);
  const auto gid = static_cast<gid_t>(call.gid);
  switch (call.kind) {
    case Kind::truncate:
      return verdict(::truncate(path.c_str(), static_cast<off_t>(call.size)));
    case Kind::chmod:
      return verdict(::chmod(path.c_str(), call.mode));
    case Kind::chown:
      return verdict(::chown(path.c_str(), uid, gid));
    case Kind::lchown:
      return verdict(::lchown(path.c_str(), uid, gid));
    case Kind::utimens: {
      const timespec times[2] = {time_choice(call.atime), time_choice(call.mtime)};
      return verdict(
          ::utimensat(AT_FDCWD, path.c_str(), times, call.follow ? 0 : AT_SYMLINK_NOFOLLOW));
    }
    case Kind::access:
      return verdict(::faccessat(AT_FDCWD, path.c_str(), call.flags, AT_EACCESS));
    case Kind::stat: {
      struct stat raw {};
      const int result = call.follow ? ::stat(path.c_str(), &raw) : ::lstat(path.c_str(), &raw);
      if (result != 0) return {errno, {}};
      return {0, std::to_string(raw.st_mode)};
    }
    case Kind::setxattr: {
      const std::string value = bytes_of(call);
      return verdict(
          ::lsetxattr(path.c_str(), call.name.c_str(), value.data(), value.size(), call.flags));
    }
    case Kind::getxattr: {
      std::string value(4096, '\0');
      const ssize_t n = ::lgetxattr(path.c_str(), call.name.c_str(), value.data(), value.size());
      if (n < 0) return {errno, {}};
      value.resize(static_cast<std::size_t>(n));
      return {0, value};
    }
    default:
      return verdict(::lremovexattr(path.c_str(), call.name.c_str()));
  }
}

Outcome Side::on_descriptor(const Call& call, int fd) {
  const auto offset = static_cast<off_t>(call.offset);
  const auto size = static_cast<off_t>(call.size);
  switch (call.kind) {
    case Kind::read:
    case Kind::pread:
      return read_bytes(fd, call);
    case Kind::write: {
      // Writing into a pipe moves its times, of which a file system of FUSE is not told.
      struct stat raw {};
      if (::fstat(fd, &raw) == 0 && S_ISFIFO(raw.st_mode)) return {};
      const std::string bytes = bytes_of(call);
      return counted(::write(fd, bytes.data(), bytes.size()));
    }
    case Kind::pwrite: {
      const std::string bytes = bytes_of(call);
      return counted(::pwrite(fd, bytes.data(), bytes.size(), offset));
    }
    case Kind::map_read:
      return map(fd, call, false);
    case Kind::map_write:
      return map(fd, call, true);
    case Kind::ftruncate:
      return verdict(::ftruncate(fd, size));
    case Kind::fsync:
      return verdict(::fsync(fd));
    case Kind::fallocate:
      return verdict(::fallocate(fd, call.flags, offset, size));
    case Kind::copy_range: {
      off_t from = offset;
      const int to = slots_.at(static_cast<std::size_t>(call.number));
      return counted(::copy_file_range(fd, &from, to, nullptr, call.size, 0));
    }
    case Kind::fchmod:
      return verdict(::fchmod(fd, call.mode));
    case Kind::fchown:
      return verdict(::fchown(fd, static_cast<uid_t>(call.uid), static_cast<gid_t>(call.gid)));
    default: {
      const timespec times[2] = {time_choice(call.atime), time_choice(call.mtime)};
      return verdict(::futimens(fd, times));
    }
  }
}

}  // namespace pailfs::test
