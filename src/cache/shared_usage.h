// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "pailfs/util/file.h"

namespace pailfs::cache {

/// How full a directory is that several processes fill, counted in a file of it, `usage`. A process
/// that dies leaves the count wrong by what it had in hand; recounting mends it. Where the file
/// cannot be used the directory counts as empty. Any thread may call any member.
class SharedUsage final {
 public:
  struct Count {
    std::uint64_t bytes = 0;
    std::uint64_t versions = 0;
  };

  explicit SharedUsage(const std::string& directory);

  [[nodiscard]] Count read() const;
  /// Adds to the count, which never becomes negative. Returns the new one.
  Count add(std::int64_t bytes, std::int64_t versions);
  void set(const Count& count);
  /// The right to remove files of the directory and to count them anew, until the descriptor is
  /// closed; none while another thread or process has it.
  [[nodiscard]] UniqueFd try_sweep() const;

 private:
  template <class Change>
  Count change(const Change& change);

  const std::string directory_;
  UniqueFd file_;
};

}  // namespace pailfs::cache
