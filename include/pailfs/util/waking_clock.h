// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs {

/// The machine's clock, whose sleepers can be woken: at its end the program does not wait until the
/// next attempt of a request that it does not need any more. Any thread may call any member.
class WakingClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return clock_.now(); }
  [[nodiscard]] MonoTime since_boot() const override { return clock_.since_boot(); }
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }
  void sleep_for(std::chrono::nanoseconds duration) override EXCLUDES(mutex_);
  /// Wakes all sleepers; every later sleep_for() returns at once.
  void wake_all() EXCLUDES(mutex_);

 private:
  const SystemClock clock_{};
  Mutex mutex_{LockRank{1040, "clock"}};
  CondVar wake_;
  bool awake_ GUARDED_BY(mutex_) = false;
};

}  // namespace pailfs
