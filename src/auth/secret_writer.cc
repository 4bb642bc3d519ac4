// SPDX-License-Identifier: Apache-2.0
#include "secret_writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "pailfs/util/file.h"

namespace pailfs::auth {
namespace {

Status fill(int fd, const struct stat& old, const Secret& content) {
  struct stat fresh {};
  if (::fstat(fd, &fresh) != 0) return system_error(errno, "fstat");
  const bool same = fresh.st_uid == old.st_uid && fresh.st_gid == old.st_gid;
  if (!same && ::fchown(fd, old.st_uid, old.st_gid) != 0) return system_error(errno, "fchown");
  if (Status written = write_fully(fd, content.reveal(), 0); !written) return written;
  if (::fsync(fd) != 0) return system_error(errno, "fsync");
  return {};
}

}  // namespace

Status replace_secret_file(const std::string& path, const Secret& content) {
  std::error_code reason;
  const std::string target = std::filesystem::canonical(path, reason).string();
  if (reason) return system_error(reason.value(), path);
  struct stat old {};
  if (::stat(target.c_str(), &old) != 0) return system_error(errno, path);
  std::string draft = target + ".XXXXXX";
  const UniqueFd fd(::mkostemp(draft.data(), O_CLOEXEC));
  if (!fd) return system_error(errno, draft);
  Status done = fill(fd.get(), old, content);
  if (done && ::rename(draft.c_str(), target.c_str()) != 0) done = system_error(errno, path);
  if (!done) {
    ::unlink(draft.c_str());
    return done.error().with(path);
  }
  return {};
}

}  // namespace pailfs::auth
