// SPDX-License-Identifier: Apache-2.0
#include "retry.h"

#include <algorithm>

namespace pailfs::s3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kCap{20};
constexpr seconds kRetryAfterCap{30};
constexpr seconds kRemembered{10};
constexpr int kKeyCorrections = 10;
constexpr int kCost = 5;
constexpr int kTimeoutCost = 10;

nanoseconds jitter(milliseconds base, int attempts, unsigned long long random) {
  const int doublings = std::min(attempts - 1, 20);
  const nanoseconds ceiling = std::min<nanoseconds>(kCap, base * (1LL << doublings));
  const auto range = static_cast<unsigned long long>(ceiling.count()) + 1;
  return nanoseconds(static_cast<std::int64_t>(random % range));
}

int allowed_corrections(Retry retry) {
  return retry == Retry::region ? 2 : 1;
}

}  // namespace

RetryStep decide(const RetryInput& input) {
  RetryStep step;
  if (input.retry == Retry::never || input.time_left <= nanoseconds::zero()) return step;
  if (input.at_once && !input.at_once_used) {
    step.retry = true;
    step.counts = false;
    return step;
  }
  if (input.retry == Retry::refresh_credentials) {
    // The service did answer, so max_attempts, which bounds failures to answer, does not count.
    step.retry = input.corrections < kKeyCorrections;
    return step;
  }
  if (input.attempts >= input.max_attempts) return step;
  if (input.retry != Retry::transient && input.retry != Retry::throttle) {
    step.retry = input.corrections < allowed_corrections(input.retry);
    return step;
  }
  const milliseconds base = input.retry == Retry::throttle ? milliseconds(500) : milliseconds(50);
  step.sleep = jitter(base, input.attempts, input.random);
  if (input.retry_after)
    step.sleep = std::max<nanoseconds>(step.sleep, std::min(*input.retry_after, kRetryAfterCap));
  step.cost = input.timed_out ? kTimeoutCost : kCost;
  step.retry = step.sleep < input.time_left && step.cost <= input.tokens;
  return step;
}

bool awaits_keys(const KeyHistory& history) {
  const auto recent = [](const auto& since) { return since && *since < kRemembered; };
  // A refusal without a code answers a HEAD and is most likely about a permission.
  return recent(history.since_change) ||
         (recent(history.since_accepted) && (history.named || recent(history.since_named)));
}

nanoseconds key_pause(int corrections) {
  return std::min<nanoseconds>(milliseconds(50) * (1LL << std::min(corrections, 10)),
                               milliseconds(800));
}

int RetryBudget::tokens() const {
  MutexLock lock(mutex_);
  return tokens_;
}

bool RetryBudget::take(int cost) {
  MutexLock lock(mutex_);
  if (cost > tokens_) return false;
  tokens_ -= cost;
  return true;
}

void RetryBudget::give(int tokens) {
  MutexLock lock(mutex_);
  tokens_ = std::min(tokens_ + tokens, kFull);
}

}  // namespace pailfs::s3
