// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cli {

/// For -o bg: asks for the bucket on a thread of its own until it is reached, after one second,
/// two, four, at most a minute. Each failure is a line in the log, and so is success after one.
class BucketWait final {
 public:
  /// `what` is the bucket for the log. `probe` is called on that thread, until it succeeds.
  BucketWait(std::string what, std::function<Status()> probe,
             std::chrono::milliseconds first_pause = std::chrono::seconds(1));
  /// Waits for a probe under way.
  ~BucketWait();
  /// Why the bucket is not reached yet; nothing once it is. Any thread.
  [[nodiscard]] std::optional<std::string> trouble() const EXCLUDES(mutex_);
  BucketWait(const BucketWait&) = delete;
  BucketWait& operator=(const BucketWait&) = delete;

 private:
  void run(std::chrono::milliseconds pause) EXCLUDES(mutex_);
  /// False when the thread must end.
  bool rest(std::chrono::milliseconds pause) EXCLUDES(mutex_);

  const std::string what_;
  const std::function<Status()> probe_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::optional<std::string> trouble_ GUARDED_BY(mutex_) = "it has not answered yet";
  std::thread thread_;
};

}  // namespace pailfs::cli
