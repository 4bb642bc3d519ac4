// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

namespace pailfs::cache {

/// Local stand-in for one object's bytes: a sparse, unlinked file and the account of which of its
/// ranges hold something. `present` bytes are those the application wrote or that were fetched to
/// complete an upload; the rest of the file is a hole and reads as zeros.
///
/// Holds the only descriptor of the file, so the bytes vanish with it. Not thread-safe: its owner
/// locks; `source_fd` may be read by several threads while nobody changes the file.
class BlockFile final {
 public:
  static Result<std::unique_ptr<BlockFile>> create(const std::string& directory);

  /// Bytes written by the application.
  Status write(std::uint64_t offset, std::span<const char> bytes);
  /// Bytes of the stored version; only into ranges that are not present.
  Status fill(std::uint64_t offset, std::span<const char> bytes) { return write(offset, bytes); }
  /// Forgets everything from `size` on; what is later read there is zeros.
  Status truncate(std::uint64_t size);
  /// Fills `out` from `offset`; holes and what lies behind the last byte are zeros.
  Status read(std::uint64_t offset, std::span<char> out) const;

  [[nodiscard]] const RangeSet& present() const { return present_; }
  [[nodiscard]] int source_fd() const { return fd_.get(); }

 private:
  explicit BlockFile(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  RangeSet present_;
};

/// Reads exactly out.size() bytes at `offset` of a sparse file: missing bytes are zeros.
Status read_sparse(int fd, std::uint64_t offset, std::span<char> out);

}  // namespace pailfs::cache
