// SPDX-License-Identifier: Apache-2.0
#include "foreign_records.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/runtime_directory.h"
#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

/// The user may have made a link or a pipe in place of the file: neither is followed or waited for.
std::optional<std::string> text_of_user(const std::string& file, uid_t user) {
  const UniqueFd in(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat stat {};
  if (!in || ::fstat(in.get(), &stat) != 0) return std::nullopt;
  if (!S_ISREG(stat.st_mode) || stat.st_uid != user) return std::nullopt;
  std::array<char, 16384> text{};
  const ssize_t length = ::read(in.get(), text.data(), text.size());
  if (length <= 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(length));
}

bool is_directory_of(const std::string& path, uid_t user) {
  struct stat stat {};
  return ::lstat(path.c_str(), &stat) == 0 && S_ISDIR(stat.st_mode) && stat.st_uid == user;
}

std::optional<MountRecord> record_of(const MountEntry& entry, uid_t uid,
                                     const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    if (!is_directory_of(directory, uid)) continue;
    const auto text = text_of_user(record_file(directory, entry.mountpoint), uid);
    auto record = text ? parse_record(*text) : std::nullopt;
    if (!record || record->mountpoint != entry.mountpoint) continue;
    record->uid = uid;
    return record;
  }
  return std::nullopt;
}

}  // namespace

std::vector<MountRecord> foreign_records(
    std::string_view mountinfo, uid_t self,
    const std::function<std::vector<std::string>(uid_t)>& directories) {
  std::vector<MountRecord> records;
  for (const std::string& line : split(mountinfo, '\n')) {
    const auto entry = parse_mountinfo_line(line);
    if (!entry || !entry->type.starts_with("fuse")) continue;
    const uid_t uid = entry->user_id.value_or(self);
    if (uid == self) continue;
    auto record = record_of(*entry, uid, directories(uid));
    const auto same = [&](const MountRecord& other) {
      return record && other.mountpoint == record->mountpoint;
    };
    if (record && std::none_of(records.begin(), records.end(), same)) {
      records.push_back(std::move(*record));
    }
  }
  return records;
}

}  // namespace pailfs::mount
