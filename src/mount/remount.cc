// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/remount.h"

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <utility>

namespace pailfs::mount {
namespace {

/// What statvfs(3) calls the flags of mount(2).
constexpr std::array<std::pair<unsigned long, unsigned long>, 6> kFlags{{
    {ST_NOSUID, MS_NOSUID},
    {ST_NODEV, MS_NODEV},
    {ST_NOEXEC, MS_NOEXEC},
    {ST_SYNCHRONOUS, MS_SYNCHRONOUS},
    {ST_NOATIME, MS_NOATIME},
    {ST_NODIRATIME, MS_NODIRATIME},
}};

}  // namespace

Status set_read_only(const std::string& path, bool read_only) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return system_error(errno, "look at " + path);
  unsigned long flags = MS_REMOUNT | (read_only ? MS_RDONLY : 0);
  for (const auto& [shown, flag] : kFlags) flags |= (info.f_flag & shown) != 0 ? flag : 0;
  if (::mount(nullptr, path.c_str(), nullptr, flags, nullptr) == 0) return {};
  return system_error(errno, "remount " + path);
}

}  // namespace pailfs::mount
