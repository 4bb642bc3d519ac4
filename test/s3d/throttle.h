// SPDX-License-Identifier: Apache-2.0
/// Bandwidth limits: one Pacer for each connection and one shared by all. Rates may change at any
/// time.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace s3d {

/// Hands out sending time at `rate` bytes a second. Thread-safe.
class Pacer {
 public:
  using Rate = std::atomic<std::uint64_t>;  ///< bytes a second, 0 = unlimited
  explicit Pacer(const Rate& rate) : rate_(rate) {}

  std::uint64_t rate() const { return rate_.load(std::memory_order_relaxed); }
  /// Sleeps until `bytes` more fit under the rate; returns at once without a limit.
  void wait(std::uint64_t bytes);

 private:
  const Rate& rate_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_at_;
};

/// The two limits a connection obeys, in both directions.
struct Pace {
  Pacer& connection;
  Pacer& total;

  void wait(std::uint64_t bytes) {
    connection.wait(bytes);
    total.wait(bytes);
  }
  /// The most to move between two waits: about 10 ms worth, everything without a limit.
  std::uint64_t slice() const;
};

}  // namespace s3d
