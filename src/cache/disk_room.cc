// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/disk_room.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "pailfs/util/text.h"

namespace pailfs::cache {

bool leaves_room(const DiskRoom& room, std::uint64_t free, std::uint64_t total,
                 std::uint64_t bytes) {
  const std::uint64_t kept = std::max(room.keep_free, total / 100 * room.keep_free_percent);
  free = room.pretended_free.value_or(free);
  return free >= kept && free - kept >= bytes;
}

Status check_room(const DiskRoom& room, int fd, std::uint64_t bytes) {
  if (!room.limited() || bytes == 0) return {};
  struct statvfs info {};
  if (::fstatvfs(fd, &info) != 0) return system_error(errno, "free space for unstored bytes");
  const std::uint64_t free = info.f_bavail * info.f_frsize;
  if (leaves_room(room, free, info.f_blocks * info.f_frsize, bytes)) return {};
  return Error{ENOSPC,
               "no room for unstored bytes: " + human_size(room.pretended_free.value_or(free)) +
                   " are free, and ensure_diskfree or free_space_ratio keeps them"};
}

}  // namespace pailfs::cache
