// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace pailfs {

/// Moment on the wall clock, nanoseconds since 1970 UTC: for signing, file times, Last-Modified.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
/// Moment on the monotonic clock: for deadlines and times to live, never for anything shown.
using MonoTime = std::chrono::steady_clock::time_point;

/// Time as an argument, so that tests can nail it down. All members may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime now() const = 0;
  /// The same, but it also runs while the machine sleeps: for what another machine does meanwhile.
  /// Not to be compared with now().
  [[nodiscard]] virtual MonoTime since_boot() const { return now(); }
  [[nodiscard]] virtual WallTime wall() const = 0;
  /// Blocks the calling thread (a fake clock advances itself instead).
  virtual void sleep_for(std::chrono::nanoseconds duration) = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override;
  [[nodiscard]] MonoTime since_boot() const override;
  [[nodiscard]] WallTime wall() const override;
  void sleep_for(std::chrono::nanoseconds duration) override;
};

/// Source of randomness for jitter and temporary names; any thread may call it.
class Random {
 public:
  virtual ~Random() = default;
  /// Uniform over [0, 2^64).
  virtual unsigned long long next() = 0;
};

/// getrandom(2) every time: two machines restored from one snapshot must not draw the same numbers.
class SystemRandom final : public Random {
 public:
  unsigned long long next() override;
};

}  // namespace pailfs
