// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace pailfs::http {

/// Counts the bytes of all exchanges of a process, and ends them when they are not wanted any more.
/// Any thread.
class Traffic final {
 public:
  /// Bytes of bodies to and from the service, and of the headers of its replies.
  struct Bytes {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t headers = 0;
  };
  /// Called while an exchange goes on, with what came since the last call.
  void add(const Bytes& more) {
    sent_.fetch_add(more.sent, std::memory_order_relaxed);
    received_.fetch_add(more.received, std::memory_order_relaxed);
    headers_.fetch_add(more.headers, std::memory_order_relaxed);
  }
  /// Of all exchanges so far, those under way too, of all transports that know it.
  [[nodiscard]] Bytes bytes() const {
    return {sent_.load(std::memory_order_relaxed), received_.load(std::memory_order_relaxed),
            headers_.load(std::memory_order_relaxed)};
  }
  /// The sum of bytes().
  [[nodiscard]] std::uint64_t moved() const {
    const Bytes all = bytes();
    return all.sent + all.received + all.headers;
  }
  /// For ever: exchanges under way fail within about a second, later ones at once, as if the time
  /// for them were over (Failure::timeout).
  void end() { ended_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
  std::atomic<std::uint64_t> headers_ = 0;
  std::atomic<bool> ended_ = false;
};

}  // namespace pailfs::http
