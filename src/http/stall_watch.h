// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "pailfs/util/clock.h"

namespace pailfs::http {

/// Decides when an exchange has died without saying so: no byte in either direction for the limit,
/// or so few over a minute that the rest would take hours. Time is an argument. One thread.
class StallWatch final {
 public:
  /// Below this rate over a whole kWindow an exchange with more than kTail bytes to go is given up.
  static constexpr std::uint64_t kMinRate = 1024;
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::uint64_t kTail = 64U << 10U;

  explicit StallWatch(std::chrono::milliseconds limit) : limit_(limit) {}

  /// The connection stands and the request begins; before that the connect timeout rules.
  void start(MonoTime now);
  /// `moved` counts all bytes so far, both ways; `left` the bytes that remain, 0 if unknown. True:
  /// give up.
  bool dead(MonoTime now, std::uint64_t moved, std::uint64_t left);

 private:
  std::chrono::milliseconds limit_;
  bool started_ = false;
  std::uint64_t moved_ = 0;
  MonoTime last_move_;
  MonoTime window_begin_;
  std::uint64_t window_moved_ = 0;
};

}  // namespace pailfs::http
