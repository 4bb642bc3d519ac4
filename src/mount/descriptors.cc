// SPDX-License-Identifier: Apache-2.0
#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <memory>
#include <string_view>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

/// A shell has a handful; a server with thousands does not open files by redirection.
constexpr int kMostLookedAt = 256;
constexpr std::size_t kInfoLimit = 4096;
/// AT_STATX_DONT_SYNC: a plain stat would come back to us as a getattr.
constexpr int kFromMemory = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool opened_for_writing(const std::string& info_path) {
  const Result<std::string> info = read_file(info_path, kInfoLimit);
  if (!info) return false;
  constexpr std::string_view kLabel = "flags:";
  const std::size_t at = info->find(kLabel);
  if (at == std::string::npos) return false;
  const std::string_view rest = std::string_view(*info).substr(at + kLabel.size());
  const auto flags = parse_uint(trim(rest.substr(0, rest.find('\n'))), 8);
  return flags && (*flags & O_ACCMODE) != O_RDONLY && (*flags & O_PATH) == 0;
}

}  // namespace

std::optional<dev_t> device_at(const std::string& path) {
  struct statx found {};
  if (::statx(AT_FDCWD, path.c_str(), kFromMemory, STATX_TYPE, &found) != 0) return std::nullopt;
  return makedev(found.stx_dev_major, found.stx_dev_minor);
}

bool has_open_for_writing(pid_t pid, dev_t device, std::uint64_t ino) {
  if (pid <= 0) return false;
  const std::string process = "/proc/" + std::to_string(pid);
  const std::unique_ptr<DIR, CloseDirectory> table(::opendir((process + "/fd").c_str()));
  if (!table) return false;
  for (int looked_at = 0; looked_at < kMostLookedAt; ++looked_at) {
    const struct dirent* entry = ::readdir(table.get());
    if (entry == nullptr) return false;
    if (entry->d_name[0] == '.') continue;
    struct statx found {};
    if (::statx(::dirfd(table.get()), entry->d_name, kFromMemory, STATX_INO, &found) != 0) continue;
    const bool same =
        found.stx_ino == ino && makedev(found.stx_dev_major, found.stx_dev_minor) == device;
    if (same && opened_for_writing(process + "/fdinfo/" + entry->d_name)) return true;
  }
  return false;
}

}  // namespace pailfs::mount
