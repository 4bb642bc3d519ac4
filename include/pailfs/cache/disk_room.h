// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "pailfs/util/result.h"

namespace pailfs::cache {

/// How much of a file system stays free: ensure_diskfree, free_space_ratio.
struct DiskRoom {
  std::uint64_t keep_free = 0;                  ///< bytes
  unsigned keep_free_percent = 0;               ///< of the file system
  std::optional<std::uint64_t> pretended_free;  ///< fake_diskfree: used in place of the real number
  [[nodiscard]] bool limited() const {
    return keep_free > 0 || keep_free_percent > 0 || pretended_free.has_value();
  }
};

/// Pure. May `bytes` more be used where `free` of `total` bytes are free?
bool leaves_room(const DiskRoom& room, std::uint64_t free, std::uint64_t total,
                 std::uint64_t bytes);

/// ENOSPC if the file system of `fd` has no room for `bytes` more. Asks the system only if there is
/// a limit.
Status check_room(const DiskRoom& room, int fd, std::uint64_t bytes);

}  // namespace pailfs::cache
