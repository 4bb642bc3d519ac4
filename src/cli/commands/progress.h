// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/report/control.h"
#include "pailfs/util/result.h"

#include "pace.h"

namespace pailfs::cli {

/// Reads the replies of a mount's process to "sync" or "drain", and shows them on stderr. One
/// thread.
class Progress final {
 public:
  /// `limit` is the time for all calls of follow() together.
  explicit Progress(std::optional<std::chrono::seconds> limit);

  /// The line that ends this stretch: "stored", "unstored N", "ended N", or nothing when the
  /// process has closed the connection. ETIMEDOUT when the time is over, with what is left.
  Result<std::optional<std::string>> follow(report::ControlClient& client);
  [[nodiscard]] std::chrono::steady_clock::time_point limit() const { return limit_; }

 private:
  /// `told` is the rest of a "progress" line.
  void show(std::string_view told);
  void clear();
  [[nodiscard]] Error time_is_over() const;

  const bool terminal_;
  const std::optional<std::chrono::seconds> patience_;
  const std::chrono::steady_clock::time_point limit_;
  Pace pace_;
  std::string words_;  // of what is left
  std::string shown_;
};

/// Follows until everything is stored, and returns 0; otherwise the exit status, after saying why.
int store_all(report::ControlClient& client, Progress& progress, const std::string& mountpoint);

}  // namespace pailfs::cli
