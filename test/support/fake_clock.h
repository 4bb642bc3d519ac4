// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::test {

/// A clock that stands still unless told otherwise; sleeping advances it and is remembered. Any
/// thread may use it.
class FakeClock final : public Clock {
 public:
  /// 2026-11-22T03:17:29Z, so that no test depends on the day it runs.
  static constexpr std::chrono::seconds kStart{1795317449};

  FakeClock() = default;
  explicit FakeClock(WallTime wall) : wall_(wall) {}

  [[nodiscard]] MonoTime now() const override {
    MutexLock lock(mutex_);
    mono_ += step_;
    return mono_;
  }
  [[nodiscard]] WallTime wall() const override {
    MutexLock lock(mutex_);
    return wall_;
  }
  void sleep_for(std::chrono::nanoseconds duration) override {
    MutexLock lock(mutex_);
    sleeps_.push_back(duration);
    move(duration);
  }

  /// Lets both clocks run on.
  void advance(std::chrono::nanoseconds duration) {
    MutexLock lock(mutex_);
    move(duration);
  }
  /// From now on no two looks at it show the same time: each moves it on by a nanosecond. For tests
  /// in which threads run freely, so that what comes later is later.
  void tick() {
    MutexLock lock(mutex_);
    step_ = MonoTime::duration(1);
  }
  /// Sets the wall clock alone, as an administrator or NTP does.
  void set_wall(WallTime wall) {
    MutexLock lock(mutex_);
    wall_ = wall;
  }
  /// Every sleep so far, in order.
  [[nodiscard]] std::vector<std::chrono::nanoseconds> sleeps() const {
    MutexLock lock(mutex_);
    return sleeps_;
  }

 private:
  void move(std::chrono::nanoseconds duration) REQUIRES(mutex_) {
    mono_ += std::chrono::duration_cast<MonoTime::duration>(duration);
    wall_ += duration;
  }

  mutable Mutex mutex_{LockRank{1040, "clock"}};
  mutable MonoTime mono_ GUARDED_BY(mutex_){std::chrono::hours(1)};
  MonoTime::duration step_ GUARDED_BY(mutex_){0};
  WallTime wall_ GUARDED_BY(mutex_){kStart};
  std::vector<std::chrono::nanoseconds> sleeps_ GUARDED_BY(mutex_);
};

/// Randomness that repeats: the given values in turn, the last one for ever; without values a
/// sequence fixed by the seed.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(unsigned long long seed = 1) : state_(seed) {}
  explicit FakeRandom(std::vector<unsigned long long> values) : values_(std::move(values)) {}

  unsigned long long next() override {
    MutexLock lock(mutex_);
    if (!values_.empty()) {
      const unsigned long long value = values_[index_];
      if (index_ + 1 < values_.size()) ++index_;
      return value;
    }
    // splitmix64
    state_ += 0x9e3779b97f4a7c15ULL;
    unsigned long long mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
  }

 private:
  Mutex mutex_{LockRank{1040, "random numbers"}};
  unsigned long long state_ GUARDED_BY(mutex_) = 0;
  std::vector<unsigned long long> values_ GUARDED_BY(mutex_);
  std::size_t index_ GUARDED_BY(mutex_) = 0;
};

}  // namespace pailfs::test
