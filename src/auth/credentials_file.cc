// SPDX-License-Identifier: Apache-2.0
#include "credentials_file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <openssl/crypto.h>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

std::string octal(mode_t mode) {
  std::array<char, 8> out{};
  std::snprintf(out.data(), out.size(), "%04o", mode & 07777U);
  return out.data();
}

/// A volume of Kubernetes has its files behind a link "..data", and no program can change their
/// modes.
std::string remedy(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  return ::access((folder + "..data").c_str(), F_OK) == 0
             ? "Set defaultMode: 0400 of the Secret's volume"
             : "Run: chmod 600 " + path;
}

/// The fault in s3fs's words, for users who search the web for them, then the reason and the
/// remedy.
Error refusal(const std::string& path, std::string_view s3fs_words, std::string_view why,
              mode_t mode) {
  return {EACCES, "credentials file " + path + " should not have " + std::string(s3fs_words) +
                      " permissions: " + path + " is " + std::string(why) + " (mode " +
                      octal(mode) + "). " + remedy(path)};
}

std::string_view deed(mode_t bits) {
  if ((bits & 4U) != 0) return "readable";
  return (bits & 2U) != 0 ? "writable" : "executable";
}

bool is_mounted_secret(const struct stat& status, const Caller& caller) {
  const bool in_group =
      status.st_gid == caller.gid ||
      std::find(caller.groups.begin(), caller.groups.end(), status.st_gid) != caller.groups.end();
  const bool plain_root = caller.uid == 0 && status.st_gid == 0;
  return status.st_uid == 0 && in_group && !plain_root && (status.st_mode & S_IRWXG) == S_IRGRP;
}

}  // namespace

Result<SecretFile> SecretFile::finish(SecretFile file, std::size_t size, const std::string& shown) {
  if (size > kMaxSize) {
    return Error{EFBIG, shown + " is larger than " + std::to_string(kMaxSize) + " bytes"};
  }
  file.text_->resize(size);
  return file;
}

Result<SecretFile> SecretFile::read(const std::string& path) {
  return read_in(AT_FDCWD, path.c_str(), path);
}

Result<SecretFile> SecretFile::read_in(int directory, const char* name, const std::string& shown) {
  // Non-blocking: a FIFO without a writer must not hang the mount.
  const UniqueFd fd(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(errno, shown);
  SecretFile file;
  if (fstat(fd.get(), &file.status_) != 0) return system_error(errno, shown);
  if (!S_ISREG(file.status_.st_mode)) return Error{EINVAL, shown + " is not a regular file"};
  file.text_ = std::make_unique<std::string>(kMaxSize + 1, '\0');
  const auto size = read_fully(fd.get(), *file.text_, 0);
  if (!size) return size.error().with(shown);
  return finish(std::move(file), *size, shown);
}

Result<SecretFile> SecretFile::read_descriptor(int fd, std::chrono::milliseconds limit,
                                               const std::string& shown) {
  SecretFile file;
  if (fstat(fd, &file.status_) != 0) return system_error(errno, shown);
  if (S_ISDIR(file.status_.st_mode)) return Error{EISDIR, shown + " is a directory"};
  file.text_ = std::make_unique<std::string>(kMaxSize + 1, '\0');
  if (S_ISREG(file.status_.st_mode)) {
    const auto size = read_fully(fd, *file.text_, 0);
    if (!size) return size.error().with(shown);
    return finish(std::move(file), *size, shown);
  }
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::size_t size = 0;
  while (size <= kMaxSize) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready == 0) {
      return Error{ETIMEDOUT,
                   shown + " did not end within " + std::to_string(limit.count() / 1000) + " s"};
    }
    const ssize_t count =
        ready < 0 ? -1 : ::read(fd, file.text_->data() + size, file.text_->size() - size);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return system_error(errno, shown);
    if (count == 0) break;
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  return finish(std::move(file), size, shown);
}

SecretFile::~SecretFile() {
  if (!text_) return;
  text_->resize(text_->capacity());
  OPENSSL_cleanse(text_->data(), text_->size());
}

std::optional<int> named_descriptor(const std::string& path) {
  if (path == "/dev/stdin") return STDIN_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto number = parse_uint(std::string_view(path).substr(folder.size()));
    if (number && *number <= INT_MAX) return static_cast<int>(*number);
  }
  return std::nullopt;
}

Caller Caller::current() {
  Caller caller{geteuid(), getegid(), {}};
  const int count = getgroups(0, nullptr);
  caller.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (count > 0 && getgroups(count, caller.groups.data()) < 0) caller.groups.clear();
  return caller;
}

Status check_permissions(const std::string& path, const struct stat& status, bool system_wide,
                         const Caller& caller) {
  const mode_t mode = status.st_mode;
  const mode_t others = mode & S_IRWXO;
  const mode_t group = (mode & S_IRWXG) >> 3U;
  if (others != 0) {
    return refusal(path, "others", std::string(deed(others)) + " by others", mode);
  }
  if (system_wide && (group & 2U) != 0) {
    return refusal(path, "group writable", "writable by its group", mode);
  }
  if (!system_wide && group != 0 && !is_mounted_secret(status, caller)) {
    return refusal(path, "group", std::string(deed(group)) + " by its group", mode);
  }
  if ((mode & (S_IXUSR | S_IXGRP)) != 0) {
    return refusal(path, "executable", "executable", mode);
  }
  return {};
}

}  // namespace pailfs::auth
