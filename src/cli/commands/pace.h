// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace pailfs::cli {

/// How fast a mount sends, and how long it will take, from what its process says from time to time.
/// One thread.
class Pace final {
 public:
  /// `left` bytes are not stored, `sent` have been sent in all.
  void note(std::chrono::steady_clock::time_point now, std::uint64_t left, std::uint64_t sent);
  /// Bytes a second over the last ten seconds; nothing before a second has passed, or when nothing
  /// is sent.
  [[nodiscard]] std::optional<std::uint64_t> rate() const;
  /// Nothing when the rate is not known.
  [[nodiscard]] std::optional<std::chrono::seconds> time_left() const;

 private:
  struct Sample {
    std::chrono::steady_clock::time_point time;
    std::uint64_t sent = 0;
  };
  std::deque<Sample> samples_;
  std::uint64_t left_ = 0;
  std::uint64_t sent_at_left_ = 0;  // when left_ was last seen to change
};

}  // namespace pailfs::cli
