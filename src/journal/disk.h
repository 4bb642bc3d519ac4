// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::journal {

/// Changes the journal's files and syncs them. A seam: a test notes the changes and simulates power
/// cuts. No change is durable, nor are changes in order, until the sync after them. Any thread.
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
  /// Makes bytes and size durable. EIO also when the file has lost its name, by which the next
  /// mount would find it.
  virtual Status sync(int file);
  /// Makes the names made and removed in the directory durable.
  virtual Status sync_directory(const std::string& path);
  /// Removes the file; success also when it does not exist.
  virtual Status remove(const std::string& path);
};

}  // namespace pailfs::journal
