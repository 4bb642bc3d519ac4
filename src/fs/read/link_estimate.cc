// SPDX-License-Identifier: Apache-2.0
#include "link_estimate.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

template <class T>
void average(std::optional<T>& value, T observed) {
  value = value ? (*value * 3 + observed) / 4 : observed;
}

}  // namespace

void LinkEstimate::on_first_byte(std::chrono::nanoseconds latency) {
  MutexLock lock(mutex_);
  average(latency_, latency);
}

void LinkEstimate::on_transfer(std::uint64_t bytes, std::chrono::nanoseconds time) {
  if (bytes < kLongTransfer) return;
  const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-6);
  MutexLock lock(mutex_);
  average(rate_, static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds));
}

bool LinkEstimate::is_far() const {
  MutexLock lock(mutex_);
  return latency_ && *latency_ > kFar;
}

bool LinkEstimate::is_slow() const {
  MutexLock lock(mutex_);
  return rate_ && *rate_ < kFast;
}

}  // namespace pailfs::fs
