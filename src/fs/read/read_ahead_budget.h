// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "pailfs/cache/block_memory.h"

namespace pailfs::fs {

/// How much of the block cache's memory may be filled with bytes that no program has read yet.
/// Three quarters of it belong in equal shares to the streams: the places, in all open files, from
/// which a program reads on. A sixteenth may hold small files that were fetched before their open.
/// It only counts: the block cache itself refuses blocks for which there is no memory.
///
/// Any thread may call any member; takes no lock. Must outlive its readers.
class ReadAheadBudget final {
 public:
  /// `memory`: bytes that the block cache may hold.
  explicit ReadAheadBudget(std::uint64_t memory) : memory_(memory) {}
  ~ReadAheadBudget() = default;
  ReadAheadBudget(const ReadAheadBudget&) = delete;
  ReadAheadBudget& operator=(const ReadAheadBudget&) = delete;

  /// The streams of one open file; they end with it. Its owner locks.
  class Reader final {
   public:
    explicit Reader(ReadAheadBudget& budget) : budget_(budget) {}
    ~Reader() { set_streams(0); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// A program reads on from so many places of the file now.
    void set_streams(std::size_t streams) {
      if (streams == streams_) return;
      // Unsigned, so that fewer than before wrap around to the right sum.
      budget_.streams_ += streams - streams_;
      streams_ = streams;
    }
    /// Bytes that one stream may have fetched ahead.
    [[nodiscard]] std::uint64_t room_for_stream() const { return budget_.room_for_stream(); }

   private:
    ReadAheadBudget& budget_;
    std::size_t streams_ = 0;
  };

  /// Bytes that one stream may have fetched ahead: all that there are share equally.
  [[nodiscard]] std::uint64_t room_for_stream() const {
    const std::size_t streams = streams_;
    return memory_ / 4 * 3 / (streams > 0 ? streams : 1);
  }
  /// Most small files in memory before a program opens them.
  [[nodiscard]] std::size_t small_files() const { return memory_ / 16 / cache::kBlockSize; }
  void set_memory(std::uint64_t memory) { memory_ = memory; }

 private:
  std::atomic<std::uint64_t> memory_;
  std::atomic<std::size_t> streams_ = 0;
};

}  // namespace pailfs::fs
