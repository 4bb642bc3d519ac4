// SPDX-License-Identifier: Apache-2.0
#include "request_counter.h"

#include <algorithm>
#include <utility>

namespace pailfs::s3 {
namespace {

void add(std::atomic<std::uint64_t>& number, std::uint64_t more) {
  number.fetch_add(more, std::memory_order_relaxed);
}

std::uint64_t value(const std::atomic<std::uint64_t>& number) {
  return number.load(std::memory_order_relaxed);
}

}  // namespace

void RequestCounter::begin(bool retry) {
  add(requests_, 1);
  if (retry) add(retries_, 1);
}

void RequestCounter::end(const http::Exchange& exchange, bool good, std::chrono::nanoseconds took) {
  if (!good) add(failures_, 1);
  add(nanoseconds_, static_cast<std::uint64_t>(std::max<long long>(0, took.count())));
  // A number that is no HTTP status counts as no reply.
  const auto status = static_cast<std::size_t>(std::max(0, exchange.status));
  add(by_status_[status < kStatuses ? status : 0], 1);
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), seconds);
  add(by_latency_[static_cast<std::size_t>(bound - kLatencyBounds.begin())], 1);
}

RequestCount RequestCounter::read(std::string verb) const {
  RequestCount count;
  count.verb = std::move(verb);
  count.requests = value(requests_);
  count.retries = value(retries_);
  count.failures = value(failures_);
  count.seconds = static_cast<double>(value(nanoseconds_)) / 1e9;
  for (std::size_t status = 0; status < kStatuses; ++status) {
    const std::uint64_t times = value(by_status_[status]);
    if (times > 0) count.by_status.emplace_back(static_cast<int>(status), times);
  }
  for (std::size_t i = 0; i < by_latency_.size(); ++i) count.by_latency[i] = value(by_latency_[i]);
  return count;
}

}  // namespace pailfs::s3
