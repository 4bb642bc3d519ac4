// SPDX-License-Identifier: Apache-2.0
#include "credentials_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "key_service.h"

namespace pailfs::auth {
namespace {

constexpr int kTries = 5;
enum Place : std::size_t { kAccess, kSecret, kOtherSecret, kToken, kExpiration, kPlaces };
constexpr std::array<const char*, kPlaces> kNames = {
    "AccessKeyId", "AccessKeySecret", "SecretAccessKey", "SecurityToken", "Expiration"};

/// One generation of the files; those that are not there are empty.
using Generation = std::array<std::optional<SecretFile>, kPlaces>;

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

bool stands_still(int directory, const Generation& read) {
  for (std::size_t i = 0; i < kPlaces; ++i) {
    struct stat now {};
    const bool there = ::fstatat(directory, kNames[i], &now, 0) == 0;
    const auto& before = read[i];
    if (there != before.has_value()) return false;
    if (before && !same_file(now, before->status())) return false;
  }
  return true;
}

/// EAGAIN: the directory changed while it was read. Messages call it `path`.
Result<Generation> read_in(const std::string& place, const std::string& path,
                           const Caller& caller) {
  const UniqueFd directory(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_error(errno, path);
  Generation read;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const std::string shown = path + "/" + kNames[i];
    auto file = SecretFile::read_in(directory.get(), kNames[i], shown);
    if (!file) {
      if (file.error().err == ENOENT) continue;
      return file.error();
    }
    const Status allowed = check_permissions(shown, file->status(), false, caller);
    if (!allowed) return allowed.error();
    read[i] = std::move(*file);
  }
  if (!stands_still(directory.get(), read)) {
    return Error{EAGAIN, path + " is being changed all the time"};
  }
  return read;
}

/// Kubernetes keeps each generation in a directory of its own and makes the names links into the
/// newest. All are read from where the first leads to: a link that is flipped there and back
/// between two of them would not show.
Result<Generation> read_once(const std::string& path, const Caller& caller) {
  std::error_code error;
  const auto first = std::filesystem::canonical(path + "/" + kNames[kAccess], error);
  if (!error) {
    auto read = read_in(first.parent_path().string(), path, caller);
    if (!read || (*read)[kSecret] || (*read)[kOtherSecret]) return read;
  }
  return read_in(path, path, caller);
}

Result<Credentials> keys_of(const Generation& read, const std::string& path) {
  const auto text = [&](Place place) {
    return read[place] ? trim(read[place]->text()) : std::string_view();
  };
  const Place secret = read[kSecret] ? kSecret : kOtherSecret;
  for (const Place needed : {kAccess, secret}) {
    const std::string name = needed == kOtherSecret ? kNames[kSecret] : kNames[needed];
    if (!read[needed]) {
      return Error{ENOENT, path + " is a directory without the file " + name};
    }
    if (!is_visible(text(needed))) return Error{EINVAL, path + "/" + name + " holds no key"};
  }
  Credentials keys{std::string(text(kAccess)), Secret(std::string(text(secret))),
                   Secret(std::string(text(kToken))), path};
  if (!keys.session_token.empty() && !is_visible(keys.session_token.reveal())) {
    return Error{EINVAL, path + "/" + kNames[kToken] + " holds no token"};
  }
  if (!text(kExpiration).empty()) {
    keys.expires = parse_iso8601(text(kExpiration));
    if (!keys.expires) return Error{EINVAL, path + "/" + kNames[kExpiration] + " holds no date"};
  }
  return keys;
}

}  // namespace

Result<Credentials> read_key_directory(const std::string& path, const Caller& caller) {
  Result<Credentials> keys = Error{EAGAIN, path};
  for (int tried = 0; tried < kTries; ++tried) {
    const auto read = read_once(path, caller);
    keys = read ? keys_of(*read, path) : Result<Credentials>(read.error());
    // A generation that was just replaced may be gone while it is read.
    if (keys || (keys.error().err != EAGAIN && keys.error().err != ENOENT)) return keys;
  }
  return keys;
}

std::vector<std::string> key_directory_files(const std::string& path) {
  std::vector<std::string> files;
  for (const char* name : kNames) files.push_back(path + "/" + name);
  return files;
}

}  // namespace pailfs::auth
