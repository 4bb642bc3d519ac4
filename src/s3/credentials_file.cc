// SPDX-License-Identifier: Apache-2.0
#include "credentials_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include <openssl/crypto.h>

#include "pailfs/util/file.h"

namespace pailfs::s3 {
namespace {

std::string octal(mode_t mode) {
  std::array<char, 8> out{};
  std::snprintf(out.data(), out.size(), "%04o", mode & 07777U);
  return out.data();
}

/// What, in s3fs's words for those who search for them, then why and how to put it right.
Error refusal(const std::string& path, std::string_view s3fs_words, std::string_view why,
              mode_t mode) {
  return {EACCES, "credentials file " + path + " should not have " + std::string(s3fs_words) +
                      " permissions: " + path + " is " + std::string(why) + " (mode " +
                      octal(mode) + "). Run: chmod 600 " + path};
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

Result<SecretFile> SecretFile::read(const std::string& path) {
  // Non-blocking: a FIFO without a writer must not hang the mount.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(errno, path);
  SecretFile file;
  if (fstat(fd.get(), &file.status_) != 0) return system_error(errno, path);
  if (!S_ISREG(file.status_.st_mode)) return Error{EINVAL, path + " is not a regular file"};
  file.text_ = std::make_unique<std::string>(kMaxSize + 1, '\0');
  const auto size = read_fully(fd.get(), *file.text_, 0);
  if (!size) return size.error().with(path);
  if (*size > kMaxSize) {
    return Error{EFBIG, path + " is larger than " + std::to_string(kMaxSize) + " bytes"};
  }
  file.text_->resize(*size);
  return file;
}

SecretFile::~SecretFile() {
  if (!text_) return;
  text_->resize(text_->capacity());
  OPENSSL_cleanse(text_->data(), text_->size());
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

}  // namespace pailfs::s3
