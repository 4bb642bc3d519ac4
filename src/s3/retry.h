// SPDX-License-Identifier: Apache-2.0
// Whether and when to try again. Pure: time and chance are arguments.
#pragma once

#include <chrono>
#include <optional>

#include "pailfs/util/sync.h"

#include "error_table.h"

namespace pailfs::s3 {

/// Everything the decision depends on.
struct RetryInput {
  int attempts = 1;      ///< made so far, those at no cost left out
  int max_attempts = 1;  ///< in all
  Retry retry = Retry::never;
  bool at_once = false;       ///< the server never saw the request
  bool at_once_used = false;  ///< ... and that has been answered once already
  bool timed_out = false;
  int corrections = 0;  ///< how often the corrective action of `retry` was taken before
  std::optional<std::chrono::seconds> retry_after;
  unsigned long long random = 0;
  std::chrono::nanoseconds time_left{};  ///< until no further attempt may start
  int tokens = 0;                        ///< in the budget
};

struct RetryStep {
  bool retry = false;
  bool counts = true;  ///< this one uses up an attempt
  std::chrono::nanoseconds sleep{};
  int cost = 0;  ///< tokens
};

/// Full jitter: a pause drawn from [0, min(20 s, base * 2^n)], base 50 ms, for an overloaded
/// service 500 ms. Retry-After is obeyed up to 30 s. Corrective actions are taken without a pause.
RetryStep decide(const RetryInput& input);

/// The history of keys that the store has just refused and for which there are no others yet.
struct KeyHistory {
  bool named = false;  ///< the store said that it is about the keys, not merely "forbidden"
  std::optional<std::chrono::nanoseconds> since_accepted;  ///< any request, with any keys
  std::optional<std::chrono::nanoseconds> since_named;     ///< the last refusal of that kind
  std::optional<std::chrono::nanoseconds> since_change;    ///< others were used before
};

/// True while a rotation may be under way: keys cannot be replaced in the store and in a file at
/// one moment, so for a short while the two differ. Keys that never worked, or that have been
/// refused for longer, are not waited for.
bool awaits_keys(const KeyHistory& history);
/// How long, before the keys are looked at and the request is sent again: 50 ms doubling to 800,
/// 5.5 seconds in all.
std::chrono::nanoseconds key_pause(int corrections);

/// Token bucket shared by all operations of a mount: when most requests fail, retries stop and
/// callers learn at once, instead of every one of them multiplying the load. Any thread.
class RetryBudget final {
 public:
  static constexpr int kFull = 500;
  [[nodiscard]] int tokens() const EXCLUDES(mutex_);
  /// False, and nothing taken, if there are not as many.
  bool take(int cost) EXCLUDES(mutex_);
  void give(int tokens) EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  int tokens_ GUARDED_BY(mutex_) = kFull;
};

}  // namespace pailfs::s3
