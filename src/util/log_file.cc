// SPDX-License-Identifier: Apache-2.0
// Opens a log file in a directory where other users may have made a file or link of that name.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::log {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Like /tmp: all users may make files in it.
bool is_shared(const struct stat& directory) {
  return (directory.st_mode & S_ISVTX) != 0 && (directory.st_mode & (S_IWOTH | S_IWGRP)) != 0;
}

}  // namespace

Result<UniqueFd> open_file(const std::string& path, mode_t mode) {
  struct stat directory {};
  struct stat there {};
  if (::stat(directory_of(path).c_str(), &directory) != 0) return system_error(errno, path);
  const bool exists = ::lstat(path.c_str(), &there) == 0;
  const bool foreign = exists && there.st_uid != ::geteuid() && there.st_uid != directory.st_uid;
  if (foreign && is_shared(directory)) {
    return Error(EACCES, path + " belongs to uid " + std::to_string(there.st_uid) +
                             " in a directory that everybody may write into; name another file");
  }
  // O_NOFOLLOW for a link that is made just now, O_NONBLOCK for a pipe without a reader.
  const int follow = exists && S_ISLNK(there.st_mode) ? 0 : O_NOFOLLOW;
  UniqueFd file(::open(path.c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow,
                       mode));
  if (!file) return system_error(errno, path);
  return file;
}

}  // namespace pailfs::log
