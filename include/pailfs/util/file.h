// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "pailfs/util/result.h"

namespace pailfs {

/// Owns a file descriptor.
class UniqueFd final {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd();

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// A file of its own in `directory` that no name leads to (O_TMPFILE, else mkostemp and unlink),
/// mode 0600, close-on-exec. Falls back to a memory file when the directory cannot be written at
/// all.
Result<UniqueFd> open_unlinked(const std::string& directory);

/// Makes `path` unless it is there; the directory above must exist. EACCES when it is a link,
/// belongs to another user or is open to others.
Status make_private_directory(const std::string& path);

/// Lets the process have as many open files as it may: each file being written and each large
/// change in a journal is one.
void raise_file_limit();

/// All of `bytes` at `offset`, or an error: a short write is never success.
Status write_fully(int fd, std::span<const char> bytes, std::uint64_t offset);
/// Reads until `bytes` is full or the file ends; returns the number of bytes read.
Result<std::size_t> read_fully(int fd, std::span<char> bytes, std::uint64_t offset);
/// Whole file, at most `limit` bytes (EFBIG beyond).
Result<std::string> read_file(const std::string& path, std::size_t limit);

}  // namespace pailfs
