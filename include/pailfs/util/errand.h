// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs {

/// The work of a thread for one request that a process waits for. When the process stops waiting
/// the errand is given up, and a verb that has changed nothing yet ends (still_wanted()). The
/// errand also says in words which request or lock the thread waits for at this moment. ErrandScope
/// makes it the current one of a thread; threads of pools have none. Any thread may call the
/// members.
class Errand final {
 public:
  void give_up() { given_up_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool given_up() const { return given_up_.load(std::memory_order_relaxed); }
  /// A few words; empty while the thread waits for nothing that it has told.
  [[nodiscard]] std::string waits_for() const EXCLUDES(mutex_);
  /// Returns the words that were there.
  std::string set_waits_for(std::string words) EXCLUDES(mutex_);

 private:
  std::atomic<bool> given_up_ = false;
  mutable Mutex mutex_{LockRank{1030, "errand"}};
  std::string waits_for_ GUARDED_BY(mutex_);
};

/// Makes an errand this thread's current one until the scope ends. If the scope ends on another
/// thread, the errand stays current here until the next scope.
class ErrandScope final {
 public:
  explicit ErrandScope(std::shared_ptr<Errand> errand);
  ~ErrandScope();
  ErrandScope(const ErrandScope&) = delete;
  ErrandScope& operator=(const ErrandScope&) = delete;

 private:
  const std::shared_ptr<Errand> errand_;
  std::shared_ptr<Errand> before_;
};

/// EINTR when the process that this thread works for has stopped waiting. A verb that changes
/// something asks when it holds its locks, before its first change. After that change it goes on to
/// its end, and later verbs on the same file wait for it.
Status still_wanted();

/// Sets the words of this thread's errand (waits_for()) until the scope ends. On a thread without
/// an errand it does nothing.
class WaitsFor final {
 public:
  /// `which` is shown in quotes behind `what`, e.g. a key, unless it is empty.
  explicit WaitsFor(std::string_view what, std::string_view which = {});
  ~WaitsFor();
  WaitsFor(const WaitsFor&) = delete;
  WaitsFor& operator=(const WaitsFor&) = delete;

 private:
  const std::shared_ptr<Errand> errand_;
  std::string before_;
};

}  // namespace pailfs
