// SPDX-License-Identifier: Apache-2.0
// Advisory locks of programs: flock(2), and record locks as fcntl(2) and lockf(3) set them.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace pailfs::fs {

/// The two kinds do not see each other, as on Linux.
enum class LockKind : std::uint8_t {
  whole,  ///< flock(2): of all the file, by an open file description
  record  ///< fcntl(2): of a range of bytes, by a process
};

enum class LockType : std::uint8_t { shared, exclusive };

/// A range of bytes, the last one included.
struct LockRange {
  static constexpr std::uint64_t kEnd = INT64_MAX;  ///< as the kernel has it
  std::uint64_t first = 0;
  std::uint64_t last = kEnd;
  [[nodiscard]] bool meets(const LockRange& other) const {
    return first <= other.last && other.first <= last;
  }
  friend bool operator==(const LockRange&, const LockRange&) = default;
};

/// A lock as it is asked for and held.
struct Lock {
  LockKind kind = LockKind::record;
  LockType type = LockType::exclusive;
  LockRange range;
  std::uint64_t owner = 0;   ///< of a record lock the kernel's number of it, of flock the handle
  std::uint64_t handle = 0;  ///< through which it was asked for
  pid_t pid = 0;             ///< 0: a process that this machine does not know
  friend bool operator==(const Lock&, const Lock&) = default;
};

}  // namespace pailfs::fs
