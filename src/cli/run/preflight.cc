// SPDX-License-Identifier: Apache-2.0
#include "preflight.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "pailfs/util/file.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// True when the error is about the mountpoint itself, not about the device or the right to mount.
bool is_about_path(int err) {
  return err == ENOENT || err == ENOTDIR || err == EACCES || err == EBUSY || err == ENOTCONN ||
         err == ELOOP || err == ENAMETOOLONG;
}

/// "pailfs ... -o logfile=LOG >LOG 2>&1": messages there must not overwrite the log's first lines.
void append_where_same(int log) {
  struct stat file {};
  if (::fstat(log, &file) != 0) return;
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || status.st_dev != file.st_dev || status.st_ino != file.st_ino)
      continue;
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_APPEND);
  }
}

/// Refuses files below the mountpoint that the mount will read or write later, because it would
/// wait for itself. A missing file is judged by its parents.
Status check_places(const Options& options) {
  if (options.action != Action::mount || options.mount.mountpoint.empty()) return {};
  std::error_code unknown;
  const auto real = [&](const std::string& path) {
    const auto found = std::filesystem::weakly_canonical(path, unknown);
    return unknown ? std::filesystem::path(path) : found;
  };
  // Resolves only the mountpoint's parent: another mount, whose process does not answer, may be at
  // the mountpoint itself.
  std::filesystem::path given = options.mount.mountpoint;
  if (!given.has_filename()) given = given.parent_path();
  if (!given.has_filename()) return {};
  const std::string mountpoint = (real(given.parent_path().string()) / given.filename()).string();
  const std::pair<const char*, const std::string&> places[] = {
      {"use_cache", options.cache_directory},
      {"tmpdir", options.fs.temporary_directory},
      {"logfile", options.logfile},
      {"metrics_file", options.metrics_file},
      {"passwd_file", options.credentials.passwd_file}};
  for (const auto& [name, path] : places) {
    if (path.empty()) continue;
    const std::string where = real(path).string();
    // A mountpoint that is one of the files is no directory; another check refuses it.
    const bool covered = where == mountpoint && std::filesystem::is_directory(path, unknown);
    if (!covered && !where.starts_with(mountpoint + "/")) continue;
    return Error(EDEADLK, std::string(name) + "=" + printable(path) + " lies below MOUNTPOINT " +
                              printable(options.mount.mountpoint) +
                              ", where the mount would wait for itself; name a place elsewhere");
  }
  return {};
}

Exit exit_for_service(const Error& error) {
  if (error.err == ETIMEDOUT) return Exit::timeout;
  if (is_one_of(error.s3_code,
                {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
                 "TokenRefreshRequired", "RequestTimeTooSkewed", "InvalidSecurity",
                 "MissingSecurityHeader", "AccountProblem", "NotSignedUp"})) {
    return Exit::credentials;
  }
  if (!error.s3_code.empty() && error.http_status < 500) return Exit::bucket;
  // A redirect without an S3 error: the bucket is in another region than the given one.
  if (error.http_status == 301 || error.http_status == 307 || error.http_status == 308)
    return Exit::bucket;
  if (error.http_status == 401) return Exit::credentials;
  if (error.http_status == 403 || error.http_status == 404) return Exit::bucket;
  return Exit::network;
}

}  // namespace

Status make_cache_directory(Options& options) {
  const std::string& directory = options.cache_directory;
  if (directory.empty()) return {};
  const auto unusable = [&](int err, const std::string& why) {
    return Error(err, "use_cache=" + printable(directory) + " cannot be used: " + why);
  };
  if (!options.cache_directory_must_exist) {
    std::error_code ignored;  // mkdir() below reports it
    std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), ignored);
    if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
      const int err = errno;
      return unusable(err, "it cannot be made: " + std::generic_category().message(err));
    }
  }
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    const int err = errno;
    return unusable(err, std::generic_category().message(err));
  }
  if (!S_ISDIR(info.st_mode)) return unusable(ENOTDIR, "it is not a directory");
  if (::eaccess(directory.c_str(), W_OK | X_OK) != 0) {
    const int err = errno;
    return unusable(err, std::generic_category().message(err));
  }
  options.fs.temporary_directory = directory;
  return {};
}

Status check_local_files(const Options& options, uid_t caller) {
  if (caller != 0 && options.fs.uid == uid_t{0}) {
    return Error(EPERM, "root user can only specify uid=0.");
  }
  if (caller != 0 && options.fs.gid == gid_t{0}) {
    return Error(EPERM, "root user can only specify gid=0.");
  }
  if (Status ok = check_places(options); !ok) return ok;
  struct stat info {};
  const std::string& directory = options.fs.temporary_directory;
  if (::stat(directory.c_str(), &info) != 0) {
    Error error = system_error(errno, "tmpdir=" + printable(directory) + " cannot be used");
    if (error.err == ENOENT) error.text += "; make it, or name another with -o tmpdir=DIRECTORY";
    return error;
  }
  if (!S_ISDIR(info.st_mode)) {
    return Error(ENOTDIR, "tmpdir=" + printable(directory) + " is not a directory");
  }
  if (!options.logfile.empty()) {
    // The log is opened when the mount is in the background, where a failure could not be shown.
    const auto log = log::open_file(options.logfile, 0640);
    if (!log) return Error(log.error().err, "logfile=" + log.error().text);
    append_where_same(log->get());
  }
  return {};
}

Exit exit_for(Step step, const Error& error) {
  switch (step) {
    case Step::local:
      return error.err == ENOTSUP || error.err == EINVAL ? Exit::usage : Exit::local;
    case Step::mountpoint:
      return is_about_path(error.err) ? Exit::local : Exit::fuse;
    case Step::credentials:
      // ENOKEY: no place has credentials. The other errors are about a file that exists or was
      // named.
      return error.err == EACCES || error.err == EPERM || error.err == ENOENT ? Exit::local
                                                                              : Exit::credentials;
    case Step::transport:
      return Exit::network;
    case Step::bucket:
      return exit_for_service(error);
    case Step::mount:
      if (error.err == EINVAL) return Exit::usage;
      return is_about_path(error.err) ? Exit::local : Exit::fuse;
  }
  return Exit::usage;
}

}  // namespace pailfs::cli
