// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "pailfs/util/sync.h"

namespace pailfs::process {

/// Ends this process unless it is called off in time: work in the foreground has no parent that
/// could. Its thread calls `say` and sends SIGTERM if the process has a handler, which can unmount;
/// exit(`code`) follows at once without a handler and after a few seconds with one.
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
  /// True when it was not called off for so long.
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
