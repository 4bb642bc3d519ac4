// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/rate_limiter.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "pailfs/util/text.h"

namespace pailfs::http {
namespace {

using std::chrono::nanoseconds;

/// A mount that was idle sends this much at once.
constexpr nanoseconds kRequestCredit = std::chrono::seconds(1);
constexpr nanoseconds kByteCredit = std::chrono::milliseconds(250);

/// Bodies that do not wait for larger ones: metadata, listings of small directories.
constexpr std::uint64_t kSmall = 64U << 10U;

constexpr std::uint64_t kSecond = 1'000'000'000;

/// Length of the range that is asked for; 0 when the request names none.
std::uint64_t asked_length(const Request& request) {
  const auto range = request.headers.find("Range");
  constexpr std::string_view kUnit = "bytes=";
  if (!range || !range->starts_with(kUnit)) return 0;
  const std::string_view ends = range->substr(kUnit.size());
  const std::size_t dash = ends.find('-');
  if (dash == std::string_view::npos) return 0;
  const auto first = parse_uint(ends.substr(0, dash));
  const auto last = parse_uint(ends.substr(dash + 1));
  return first && last && *first <= *last ? *last - *first + 1 : 0;
}

}  // namespace

MonoTime Turns::take(MonoTime now, nanoseconds cost) {
  free_ = std::max(free_, now - credit_);
  const MonoTime begin = std::max(free_, now);
  free_ += cost;
  return begin;
}

RateLimiter::RateLimiter(Transport& transport, Clock& clock, const Rates& rates)
    : transport_(transport),
      clock_(clock),
      rates_(rates),
      requests_(kRequestCredit),
      up_(kByteCredit),
      down_(kByteCredit) {}

Rates RateLimiter::rates() const {
  const MutexLock lock(mutex_);
  return rates_;
}

void RateLimiter::set_rates(const Rates& rates) {
  const MutexLock lock(mutex_);
  rates_ = rates;
}

nanoseconds RateLimiter::cost_of(std::uint64_t bytes) const {
  if (rates_.bytes_per_second == 0) return {};
  const double seconds = static_cast<double>(bytes) / static_cast<double>(rates_.bytes_per_second);
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

nanoseconds RateLimiter::wait_for(std::uint64_t up, std::uint64_t down) {
  const MutexLock lock(mutex_);
  const MonoTime now = clock_.now();
  MonoTime begin = now;
  if (rates_.requests_per_second > 0)
    begin = requests_.take(now, nanoseconds(kSecond / rates_.requests_per_second));
  const MonoTime sends = up_.take(now, cost_of(up));
  const MonoTime receives = down_.take(now, cost_of(down));
  if (up > kSmall) begin = std::max(begin, sends);
  if (down > kSmall) begin = std::max(begin, receives);
  return begin - now;
}

Exchange RateLimiter::perform(const Request& request, ByteSource* body, BodySink* sink) {
  const std::uint64_t up = body != nullptr ? body->size() : 0;
  const std::uint64_t down = asked_length(request);
  const nanoseconds wait = wait_for(up, down);
  if (wait > nanoseconds::zero()) clock_.sleep_for(wait);
  Exchange exchange = transport_.perform(request, body, sink);
  const MutexLock lock(mutex_);
  up_.correct(cost_of(exchange.sent) - cost_of(up));
  down_.correct(cost_of(exchange.received) - cost_of(down));
  return exchange;
}

}  // namespace pailfs::http
