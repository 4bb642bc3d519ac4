// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "pailfs/http/transport.h"
#include "pailfs/s3/client.h"

namespace pailfs::s3 {

/// Counts the attempts of one verb. Relaxed atomics: any thread counts, any thread reads, and a
/// reader may see an attempt that has begun and not yet ended.
class RequestCounter final {
 public:
  void begin(bool retry);
  void end(const http::Exchange& exchange, bool good, std::chrono::nanoseconds took);
  [[nodiscard]] RequestCount read(std::string verb) const;

 private:
  using Number = std::atomic<std::uint64_t>;
  static constexpr std::size_t kStatuses = 600;

  Number requests_{0};
  Number retries_{0};
  Number failures_{0};
  Number nanoseconds_{0};
  std::array<Number, kStatuses> by_status_{};
  std::array<Number, kLatencyBounds.size() + 1> by_latency_{};
};

}  // namespace pailfs::s3
