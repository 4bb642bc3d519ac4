// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "pailfs/util/sync.h"

namespace pailfs::process {

/// Ends this process unless it is called off in time: work in the foreground has no parent that
/// could. First `say`, then SIGTERM if somebody handles it, who can unmount; exit(`code`) at once
/// if nobody does, and a few seconds later otherwise. A thread of its own.
class Deadline final {
 public:
  Deadline(std::chrono::seconds limit, int code, std::function<void()> say);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Any thread, more than once. False when it was too late.
  bool call_off() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  /// True when nobody has called it off for so long.
  bool wait(std::chrono::seconds span) EXCLUDES(mutex_);

  const std::chrono::seconds limit_;
  const int code_;
  const std::function<void()> say_;
  Mutex mutex_;
  CondVar changed_;
  bool off_ GUARDED_BY(mutex_) = false;
  bool passed_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace pailfs::process
