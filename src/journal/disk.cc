// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace pailfs::journal {

Result<UniqueFd> Disk::create(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "create " + path);
  return file;
}

Status Disk::write(int file, std::span<const char> bytes, std::uint64_t offset) {
  return write_fully(file, bytes, offset);
}

Status Disk::truncate(int file, std::uint64_t size) {
  if (::ftruncate(file, static_cast<off_t>(size)) == 0) return {};
  return system_error(errno, "truncate the journal");
}

Status Disk::sync(int file) {
  struct stat stat {};
  if (::fdatasync(file) != 0 || ::fstat(file, &stat) != 0) {
    return system_error(errno, "fdatasync the journal");
  }
  if (stat.st_nlink > 0) return {};
  return Error{EIO, "a file of the journal was removed by another program"};
}

Status Disk::sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory && ::fsync(directory.get()) == 0) return {};
  return system_error(errno, "fsync " + path);
}

Status Disk::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return system_error(errno, "remove " + path);
}

}  // namespace pailfs::journal
