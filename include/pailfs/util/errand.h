// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs {

/// What a thread does for one request that a process waits for. The process may stop waiting: then
/// the errand is given up, and work for it ends where nothing has been changed yet
/// (still_wanted()). Says also what the thread waits for at this moment. Made current with
/// ErrandScope; threads of pools have none. Any thread may call the members.
class Errand final {
 public:
  void give_up() { given_up_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool given_up() const { return given_up_.load(std::memory_order_relaxed); }
  /// A few words; empty while nothing is known that takes time.
  [[nodiscard]] std::string waits_for() const EXCLUDES(mutex_);
  /// Returns the words that were there.
  std::string set_waits_for(std::string words) EXCLUDES(mutex_);

 private:
  std::atomic<bool> given_up_ = false;
  mutable Mutex mutex_{LockRank{1030, "errand"}};
  std::string waits_for_ GUARDED_BY(mutex_);
};

/// Makes an errand this thread's own until the scope ends. Should that happen on another thread, it
/// stays this thread's until the next one.
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

/// EINTR when nobody waits any more for what this thread does. Verbs that change something ask once
/// they hold their locks, before the first change: from there on they go on to their end, and what
/// is done to the same file later waits for that.
Status still_wanted();

/// Says what this thread's errand waits for, until the scope ends; nothing on threads without one.
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
