// SPDX-License-Identifier: Apache-2.0
#include "bucket_wait.h"

#include <algorithm>
#include <utility>

#include "pailfs/util/log.h"

namespace pailfs::cli {
namespace {

constexpr std::chrono::milliseconds kLongestPause = std::chrono::minutes(1);

}  // namespace

BucketWait::BucketWait(std::string what, std::function<Status()> probe,
                       std::chrono::milliseconds first_pause)
    : what_(std::move(what)),
      probe_(std::move(probe)),
      thread_([this, first_pause] { run(first_pause); }) {}

BucketWait::~BucketWait() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

std::optional<std::string> BucketWait::trouble() const {
  MutexLock lock(mutex_);
  return trouble_;
}

bool BucketWait::rest(std::chrono::milliseconds pause) {
  const auto end = std::chrono::steady_clock::now() + pause;
  MutexLock lock(mutex_);
  while (!ending_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return true;
    changed_.wait_for(mutex_, left);
  }
  return false;
}

void BucketWait::run(std::chrono::milliseconds pause) {
  for (int failures = 0;; ++failures) {
    const Status reached = probe_();
    {
      MutexLock lock(mutex_);
      trouble_ = reached ? std::nullopt : std::optional(reached.error().text);
    }
    if (reached) {
      // The failures were logged at this level, so success is too.
      if (failures > 0)
        log_critical(what_ + " is reached, after " + std::to_string(failures) + " failures");
      return;
    }
    log_critical(what_ + " is not reached yet, it is asked for again: " + reached.error().text);
    if (!rest(pause)) return;
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace pailfs::cli
