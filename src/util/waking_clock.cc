// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/waking_clock.h"

namespace pailfs {

void WakingClock::sleep_for(std::chrono::nanoseconds duration) {
  const MonoTime until = now() + std::chrono::duration_cast<MonoTime::duration>(duration);
  MutexLock lock(mutex_);
  while (!awake_) {
    const auto left = until - now();
    if (left <= left.zero()) return;
    wake_.wait_for(mutex_, left);
  }
}

void WakingClock::wake_all() {
  MutexLock lock(mutex_);
  awake_ = true;
  wake_.notify_all();
}

}  // namespace pailfs
