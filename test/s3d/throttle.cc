// SPDX-License-Identifier: Apache-2.0
#include "throttle.h"

#include <algorithm>
#include <limits>
#include <thread>

namespace s3d {

void Pacer::wait(std::uint64_t bytes) {
  std::uint64_t rate = rate_.load(std::memory_order_relaxed);
  if (rate == 0 || bytes == 0) return;
  std::chrono::steady_clock::time_point until;
  {
    std::lock_guard lock(mutex_);
    auto cost =
        std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate));
    free_at_ = std::max(free_at_, std::chrono::steady_clock::now()) +
               std::chrono::duration_cast<std::chrono::steady_clock::duration>(cost);
    until = free_at_;
  }
  std::this_thread::sleep_until(until);
}

std::uint64_t Pace::slice() const {
  std::uint64_t slowest = std::numeric_limits<std::uint64_t>::max();
  for (std::uint64_t rate : {connection.rate(), total.rate()})
    if (rate > 0) slowest = std::min(slowest, std::max<std::uint64_t>(rate / 100, 1));
  return slowest;
}

}  // namespace s3d
