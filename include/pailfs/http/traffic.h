// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace pailfs::http {

/// Counts the bytes of all exchanges of a process, and ends them when they are not wanted any more.
/// Any thread.
class Traffic final {
 public:
  void add(std::uint64_t bytes) { moved_.fetch_add(bytes, std::memory_order_relaxed); }
  /// Bytes of headers and bodies, both ways, of all transports that know it.
  [[nodiscard]] std::uint64_t moved() const { return moved_.load(std::memory_order_relaxed); }
  /// For ever: exchanges under way fail within about a second, later ones at once, as if the time
  /// for them were over (Failure::timeout).
  void end() { ended_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> moved_ = 0;
  std::atomic<bool> ended_ = false;
};

}  // namespace pailfs::http
