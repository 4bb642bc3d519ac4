// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "pailfs/util/sync.h"

namespace pailfs::fs {

/// Latency and rate of the store as its replies have shown them: the time to the first byte of a
/// reply, and the bytes a second that one connection brings after it. Both are moving averages in
/// which the newest observation counts a quarter. Nothing is far or slow before the first
/// observation.
///
/// Pure but for its lock: the caller measures. Any thread may call any member.
class LinkEstimate final {
 public:
  /// Two parts on their way hide a shorter latency than this from a reader of 4 GB/s.
  static constexpr std::chrono::milliseconds kFar{4};
  /// One connection brings at least so many bytes a second where the processor limits and not the
  /// network.
  static constexpr std::uint64_t kFast = 150U << 20U;
  /// A shorter transfer tells nothing about the rate of a connection.
  static constexpr std::uint64_t kLongTransfer = 1U << 20U;

  /// The first byte of a reply came so long after its request.
  void on_first_byte(std::chrono::nanoseconds latency) EXCLUDES(mutex_);
  /// The bytes of a reply took `time` from the first to the last.
  void on_transfer(std::uint64_t bytes, std::chrono::nanoseconds time) EXCLUDES(mutex_);

  /// A reply begins later than a reader that reads on would need it: worth more requests at a time.
  [[nodiscard]] bool is_far() const EXCLUDES(mutex_);
  /// One connection brings bytes more slowly than a reader takes them.
  [[nodiscard]] bool is_slow() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::optional<std::chrono::nanoseconds> latency_ GUARDED_BY(mutex_);
  std::optional<std::uint64_t> rate_ GUARDED_BY(mutex_);  // bytes a second
};

}  // namespace pailfs::fs
