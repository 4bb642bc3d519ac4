// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace pailfs {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

Result<UniqueFd> open_unlinked(const std::string& directory) {
  UniqueFd fd(open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (fd) return fd;
  std::string path = directory + "/pailfs.XXXXXX";
  fd = UniqueFd(mkostemp(path.data(), O_CLOEXEC));
  if (fd) {
    unlink(path.c_str());
    return fd;
  }
  const int reason = errno;
  // A container with a read-only root has only memory. A full disk is an error.
  const bool unusable = reason == EROFS || reason == EACCES || reason == EPERM ||
                        reason == ENOENT || reason == ENOTDIR;
  if (!unusable) return system_error(reason, "temporary file in " + directory);
  fd = UniqueFd(memfd_create("pailfs", MFD_CLOEXEC));
  if (fd) return fd;
  return system_error(reason, "temporary file in " + directory);
}

Status make_private_directory(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return system_error(errno, "make " + path);
  }
  struct stat stat {};
  if (lstat(path.c_str(), &stat) != 0) return system_error(errno, path);
  const bool ours = S_ISDIR(stat.st_mode) && stat.st_uid == geteuid() && (stat.st_mode & 077U) == 0;
  if (ours) return {};
  return Error{EACCES, path + ": must be a directory of your own with mode 0700"};
}

Status write_fully(int fd, std::span<const char> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "write to a local file");
    if (n == 0) return Error{EIO, "write to a local file made no progress"};
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // on failure the limit stays as it was
}

Result<std::size_t> read_fully(int fd, std::span<char> bytes, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "read of a local file");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error(errno, path);
  std::string content(limit + 1, '\0');
  const auto size = read_fully(fd.get(), content, 0);
  if (!size) return size.error().with(path);
  if (*size > limit)
    return Error{EFBIG, path + ": larger than " + std::to_string(limit) + " bytes"};
  content.resize(*size);
  return content;
}

}  // namespace pailfs
