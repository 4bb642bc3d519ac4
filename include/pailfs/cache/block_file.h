// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "pailfs/cache/block_memory.h"
#include "pailfs/cache/disk_room.h"
#include "pailfs/cache/lock_ranks.h"
#include "pailfs/util/file.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// Space for bytes that are not stored yet: memory first, then unlinked files in a directory.
/// Outlives the BlockFiles that use it.
struct LocalSpace {
  std::string directory;
  DiskRoom room;                  ///< of the directory's file system
  WriteMemory* memory = nullptr;  ///< null: on the disk at once
};

/// Local stand-in for one object's bytes, with an account of the ranges that hold bytes. `present`
/// bytes are those the application wrote or that were fetched to complete an upload; the rest is a
/// hole and reads as zeros.
///
/// Blocks go to memory while there is some, else to an unlinked file, made when it is needed; its
/// only descriptor is here, so the bytes vanish with it. present() and the members that change
/// bytes need the owner's lock; several threads may call the others at the same time, so that
/// written bytes can be sent while more are written. show() reads a block without a lock; a member
/// that changes or drops a block waits until no show() reads it.
class BlockFile final {
 public:
  using Look = std::function<void(std::span<const char>)>;

  explicit BlockFile(const LocalSpace& space) : space_(space) {}
  ~BlockFile();
  BlockFile(const BlockFile&) = delete;
  BlockFile& operator=(const BlockFile&) = delete;

  /// Bytes written by the application. ENOSPC when neither memory nor disk takes them; then some
  /// of them may have been written over what was present, none of them counts, and what they took
  /// is given back.
  Status write(std::uint64_t offset, std::span<const char> bytes) EXCLUDES(mutex_);
  /// Bytes of the stored version; only into ranges that are not present.
  Status fill(std::uint64_t offset, std::span<const char> bytes) { return write(offset, bytes); }
  /// Gives up bytes for good: they are not present any more, and blocks that hold no other bytes
  /// are given back.
  void forget(Range range) EXCLUDES(mutex_);
  /// Forgets everything from `size` on, which then reads as zeros.
  Status truncate(std::uint64_t size) EXCLUDES(mutex_);
  /// Fills `out` from `offset`; holes and bytes behind the last one are zeros. EIO where bytes were
  /// dropped.
  Status read(std::uint64_t offset, std::span<char> out) EXCLUDES(mutex_);
  /// Shows bytes from `offset` on to `look`, at most as many as `scratch` holds and no further than
  /// the block's end: where they lie in memory, else copied to `scratch`. `look` must not call this
  /// object. Returns their number; fails as `read` does.
  Result<std::size_t> show(std::uint64_t offset, std::span<char> scratch, const Look& look)
      EXCLUDES(mutex_);
  /// Gives up bytes that are safe elsewhere, in whole blocks; they stay `present`.
  void drop(Range range) EXCLUDES(mutex_);
  [[nodiscard]] bool lacks(Range range) EXCLUDES(mutex_);
  [[nodiscard]] bool lacks_any() { return lacks({0, UINT64_MAX}); }

  [[nodiscard]] const RangeSet& present() const { return present_; }

 private:
  struct Block {
    char* bytes = nullptr;
    unsigned readers = 0;  // show() calls that read it without the lock
  };

  Status write_piece(std::uint64_t offset, std::span<const char> bytes) EXCLUDES(mutex_);
  void give_back(Range range) EXCLUDES(mutex_);
  void punch(Range range) REQUIRES(mutex_);
  Status write_to_disk(std::uint64_t offset, std::span<const char> bytes) REQUIRES(mutex_);
  Status read_elsewhere(std::uint64_t offset, std::span<char> out) REQUIRES(mutex_);
  void leave(std::uint64_t index) EXCLUDES(mutex_);
  /// The bytes of the block, once no show() reads them; null when it is not in memory.
  char* settled(std::uint64_t index) REQUIRES(mutex_);

  const LocalSpace& space_;
  RangeSet present_;
  Mutex mutex_{lock_rank::kBlockFile};  // innermost but for BlockMemory's
  CondVar left_;
  unsigned waiting_ GUARDED_BY(mutex_) = 0;                             // for left_
  std::unordered_map<std::uint64_t, Block> blocks_ GUARDED_BY(mutex_);  // by index, in memory
  RangeSet on_disk_ GUARDED_BY(mutex_);                                 // in whole blocks
  RangeSet dropped_ GUARDED_BY(mutex_);
  UniqueFd fd_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cache
