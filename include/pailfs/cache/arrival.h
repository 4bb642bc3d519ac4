// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// How many bytes of a fetch have come so far, and whether more will. One thread fetches and tells;
/// any number may wait. To wake a thread costs more than to copy the bytes that it waits for, so
/// each waiter is woken only when all bytes it asked for are there. Shared by the fetch and the
/// blocks that it fills.
class Arrival final {
 public:
  /// Tells that the first `bytes` are in place; never less than before. Called by the fetching
  /// thread only.
  void reached(std::uint64_t bytes) {
    progress_.store(bytes);
    if (bytes >= wake_at_.load()) wake();
  }
  /// Tells that no more bytes will come: all are there, or `status` says why not.
  void finish(Status status) EXCLUDES(mutex_);

  [[nodiscard]] std::uint64_t progress() const { return progress_.load(); }
  /// Returns when the first `bytes` are there; an error when they never will be.
  Status wait(std::uint64_t bytes) EXCLUDES(mutex_);

 private:
  static constexpr std::uint64_t kNobody = std::numeric_limits<std::uint64_t>::max();

  void wake() EXCLUDES(mutex_);

  // Both are sequentially consistent: reached() writes progress_ and then reads wake_at_, wait()
  // writes wake_at_ and then reads progress_, so that at least one of them sees the other's write.
  std::atomic<std::uint64_t> progress_ = 0;
  std::atomic<std::uint64_t> wake_at_ = kNobody;
  Mutex mutex_;
  CondVar changed_;
  bool done_ GUARDED_BY(mutex_) = false;
  Status status_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cache
