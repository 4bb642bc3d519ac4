// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// Bytes on their way, told by one thread and awaited by any number: how many have come so far, and
/// whether more will. Waking a thread costs more than copying what it waits for, so each waiter is
/// woken only when all it asked for is there.
class Arrival final {
 public:
  /// The first `bytes` of it are in place; never less than before. By the fetching thread only.
  void reached(std::uint64_t bytes) {
    progress_.store(bytes);
    if (bytes >= wake_at_.load()) wake();
  }
  /// No more will come: because all is there, or because of `status`.
  void finish(Status status) EXCLUDES(mutex_);

  [[nodiscard]] std::uint64_t progress() const { return progress_.load(); }
  /// Returns when the first `bytes` are there; an error when they never will be.
  Status wait(std::uint64_t bytes) EXCLUDES(mutex_);

 private:
  static constexpr std::uint64_t kNobody = std::numeric_limits<std::uint64_t>::max();

  void wake() EXCLUDES(mutex_);

  // Sequentially consistent, both: who tells writes progress_ and then looks at wake_at_, who waits
  // the other way round, so that one of them sees the other.
  std::atomic<std::uint64_t> progress_ = 0;
  std::atomic<std::uint64_t> wake_at_ = kNobody;
  Mutex mutex_;
  CondVar changed_;
  bool done_ GUARDED_BY(mutex_) = false;
  Status status_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cache
