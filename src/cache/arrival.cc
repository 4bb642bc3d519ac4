// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/arrival.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pailfs::cache {

void Arrival::wake() {
  MutexLock lock(mutex_);
  wake_at_ = kNobody;
  changed_.notify_all();
}

void Arrival::finish(Status status) {
  MutexLock lock(mutex_);
  done_ = true;
  status_ = std::move(status);
  changed_.notify_all();
}

Status Arrival::wait(std::uint64_t bytes) {
  if (progress_ >= bytes) return {};
  MutexLock lock(mutex_);
  for (;;) {
    wake_at_ = std::min(wake_at_.load(), bytes);
    if (progress_ >= bytes) return {};
    if (done_)
      return status_ ? Status(Error{EIO, "fewer bytes came than were asked for"}) : status_;
    changed_.wait(mutex_);
  }
}

}  // namespace pailfs::cache
