// SPDX-License-Identifier: Apache-2.0
#include "mount_driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pailfs::test {
namespace {

Status verdict(int result, const std::string& what) {
  return result == 0 ? Status() : Status(system_error(errno, what));
}

WallTime time_of(const timespec& spec) {
  return WallTime(std::chrono::seconds(spec.tv_sec) + std::chrono::nanoseconds(spec.tv_nsec));
}

timespec spec_of(const std::optional<WallTime>& time) {
  if (!time) return {0, UTIME_OMIT};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*time);
  return {seconds.time_since_epoch().count(), (*time - seconds).count()};
}

FileStat stat_of(const struct stat& raw) {
  return {raw.st_mode,
          raw.st_nlink,
          raw.st_uid,
          raw.st_gid,
          static_cast<std::uint64_t>(raw.st_size),
          raw.st_ino,
          time_of(raw.st_atim),
          time_of(raw.st_mtim),
          time_of(raw.st_ctim)};
}

}  // namespace

MountDriver::~MountDriver() {
  for (const int fd : open_) ::close(fd);
}

std::string MountDriver::at(const std::string& path) const {
  return path.empty() ? root_ : root_ + "/" + path;
}

Result<int> MountDriver::open(const std::string& path, int flags, mode_t mode) {
  const int fd = ::open(at(path).c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return system_error(errno, path);
  open_.push_back(fd);
  return fd;
}

Status MountDriver::close(int fd) {
  std::erase(open_, fd);
  return verdict(::close(fd), "close");
}

Result<std::string> MountDriver::pread(int fd, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n =
        ::pread(fd, bytes.data() + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0) return system_error(errno, "read");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

Status MountDriver::pwrite(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0) return system_error(errno, "write");
    offset += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status MountDriver::write(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) return system_error(errno, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status MountDriver::fsync(int fd) {
  return verdict(::fsync(fd), "fsync");
}

Result<FileStat> MountDriver::fstat(int fd) {
  struct stat raw {};
  if (::fstat(fd, &raw) != 0) return system_error(errno, "fstat");
  return stat_of(raw);
}

Status MountDriver::ftruncate(int fd, std::uint64_t size) {
  return verdict(::ftruncate(fd, static_cast<off_t>(size)), "ftruncate");
}

Status MountDriver::fchmod(int fd, mode_t mode) {
  return verdict(::fchmod(fd, mode), "fchmod");
}

Result<FileStat> MountDriver::stat(const std::string& path) {
  struct stat raw {};
  if (::lstat(at(path).c_str(), &raw) != 0) return system_error(errno, path);
  return stat_of(raw);
}

Status MountDriver::mkdir(const std::string& path, mode_t mode) {
  return verdict(::mkdir(at(path).c_str(), mode), path);
}

Status MountDriver::rmdir(const std::string& path) {
  return verdict(::rmdir(at(path).c_str()), path);
}

Status MountDriver::unlink(const std::string& path) {
  return verdict(::unlink(at(path).c_str()), path);
}

Status MountDriver::rename(const std::string& from, const std::string& to, bool no_replace) {
  return verdict(::renameat2(AT_FDCWD, at(from).c_str(), AT_FDCWD, at(to).c_str(),
                             no_replace ? RENAME_NOREPLACE : 0U),
                 from);
}

Status MountDriver::mknod(const std::string& path, mode_t mode) {
  return verdict(::mknod(at(path).c_str(), mode, 0), path);
}

Status MountDriver::symlink(const std::string& target, const std::string& path) {
  return verdict(::symlink(target.c_str(), at(path).c_str()), path);
}

Result<std::string> MountDriver::readlink(const std::string& path) {
  std::array<char, 4096> target{};
  const ssize_t n = ::readlink(at(path).c_str(), target.data(), target.size());
  if (n < 0) return system_error(errno, path);
  return std::string(target.data(), static_cast<std::size_t>(n));
}

Result<std::vector<std::string>> MountDriver::readdir(const std::string& path) {
  DIR* directory = ::opendir(at(path).c_str());
  if (directory == nullptr) return system_error(errno, path);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  const int failed = errno;
  ::closedir(directory);
  if (failed != 0) return system_error(failed, path);
  return names;
}

Status MountDriver::chmod(const std::string& path, mode_t mode) {
  return verdict(::chmod(at(path).c_str(), mode), path);
}

Status MountDriver::chown(const std::string& path, uid_t uid, gid_t gid) {
  return verdict(::lchown(at(path).c_str(), uid, gid), path);
}

Status MountDriver::utimens(const std::string& path, std::optional<WallTime> atime,
                            std::optional<WallTime> mtime) {
  const std::array<timespec, 2> times{spec_of(atime), spec_of(mtime)};
  return verdict(::utimensat(AT_FDCWD, at(path).c_str(), times.data(), AT_SYMLINK_NOFOLLOW), path);
}

Status MountDriver::truncate(const std::string& path, std::uint64_t size) {
  return verdict(::truncate(at(path).c_str(), static_cast<off_t>(size)), path);
}

Status MountDriver::setxattr(const std::string& path, const std::string& name,
                             const std::string& value, int flags) {
  return verdict(::lsetxattr(at(path).c_str(), name.c_str(), value.data(), value.size(), flags),
                 path);
}

Result<std::string> MountDriver::getxattr(const std::string& path, const std::string& name) {
  std::string value(65'536, '\0');
  const ssize_t n = ::lgetxattr(at(path).c_str(), name.c_str(), value.data(), value.size());
  if (n < 0) return system_error(errno, path);
  value.resize(static_cast<std::size_t>(n));
  return value;
}

Result<std::vector<std::string>> MountDriver::listxattr(const std::string& path) {
  std::string buffer(65'536, '\0');
  const ssize_t n = ::llistxattr(at(path).c_str(), buffer.data(), buffer.size());
  if (n < 0) return system_error(errno, path);
  buffer.resize(static_cast<std::size_t>(n));
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < buffer.size();) {
    names.emplace_back(buffer.c_str() + begin);
    begin += names.back().size() + 1;
  }
  return names;
}

Status MountDriver::removexattr(const std::string& path, const std::string& name) {
  return verdict(::lremovexattr(at(path).c_str(), name.c_str()), path);
}

uid_t MountDriver::uid() const {
  return ::geteuid();
}

gid_t MountDriver::gid() const {
  return ::getegid();
}

}  // namespace pailfs::test
