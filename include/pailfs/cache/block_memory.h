// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pailfs/cache/lock_ranks.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// Bytes are kept in pieces of this size, aligned to it; the last of an object is shorter.
inline constexpr std::uint64_t kBlockSize = 64U << 10U;

/// The memory that blocks are made of: taken from the system as needed, used again, given back by
/// `trim`. Any thread.
class BlockMemory final {
 public:
  BlockMemory() = default;
  ~BlockMemory();
  BlockMemory(const BlockMemory&) = delete;
  BlockMemory& operator=(const BlockMemory&) = delete;

  /// A block whose bytes are undefined; null when the system has no more memory.
  char* take() EXCLUDES(mutex_);
  void give(char* bytes) EXCLUDES(mutex_);
  /// Bytes of blocks that were taken and not given back.
  [[nodiscard]] std::uint64_t in_use() EXCLUDES(mutex_);
  /// Gives the memory of free blocks back to the system, but for a few blocks that the next small
  /// files use.
  void trim() EXCLUDES(mutex_);

 private:
  Mutex mutex_{lock_rank::kBlockMemory};
  std::uint64_t in_use_ GUARDED_BY(mutex_) = 0;
  // Used last, taken first: it is still in the processor's cache.
  std::vector<char*> free_ GUARDED_BY(mutex_);
  std::size_t untouched_ GUARDED_BY(mutex_) = 0;  // of free_, from the front: their memory was
                                                  // given back to the system
  std::vector<char*> slabs_ GUARDED_BY(mutex_);
};

/// The share of a BlockMemory that bytes not stored yet may take. Any thread.
class WriteMemory final {
 public:
  WriteMemory(BlockMemory& memory, std::uint64_t limit) : memory_(memory), limit_(limit) {}
  /// Null when the share is used up.
  char* take();
  void give(char* bytes);
  [[nodiscard]] bool has_room(std::uint64_t bytes) const { return used_ + bytes <= limit_; }
  /// What is beyond a lower limit stays until it is given back.
  void set_limit(std::uint64_t limit) { limit_ = limit; }

 private:
  BlockMemory& memory_;
  std::atomic<std::uint64_t> limit_;
  std::atomic<std::uint64_t> used_ = 0;
};

}  // namespace pailfs::cache
