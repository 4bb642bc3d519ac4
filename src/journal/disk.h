// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::journal {

/// Changes the journal's files and makes changes last. A seam: a test notes them, and what a power
/// cut would leave of them. Nothing is durable, and nothing in order, until the sync after it. Any
/// thread.
class Disk {
 public:
  Disk() = default;
  virtual ~Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// A new file to read and write, mode 0600. Its name lasts after sync_directory().
  virtual Result<UniqueFd> create(const std::string& path);
  virtual Status write(int file, std::span<const char> bytes, std::uint64_t offset);
  virtual Status truncate(int file, std::uint64_t size);
  /// Bytes and size. EIO: also when the file has lost its name, by which the next mount would find
  /// it.
  virtual Status sync(int file);
  /// Names made and removed in it.
  virtual Status sync_directory(const std::string& path);
  /// Fine when it is not there.
  virtual Status remove(const std::string& path);
};

}  // namespace pailfs::journal
