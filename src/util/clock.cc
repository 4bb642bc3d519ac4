// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/clock.h"

#include <sys/random.h>
#include <time.h>

#include <thread>

namespace pailfs {

MonoTime SystemClock::now() const {
  return std::chrono::steady_clock::now();
}

MonoTime SystemClock::since_boot() const {
  timespec time{};
  if (clock_gettime(CLOCK_BOOTTIME, &time) != 0) return now();
  return MonoTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

void SystemClock::sleep_for(std::chrono::nanoseconds duration) {
  std::this_thread::sleep_for(duration);
}

unsigned long long SystemRandom::next() {
  unsigned long long value = 0;
  // Requests of up to 256 bytes are never short once the kernel's pool is ready.
  while (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

}  // namespace pailfs
