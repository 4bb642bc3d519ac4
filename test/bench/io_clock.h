// SPDX-License-Identifier: Apache-2.0
/// Time, latencies and the line of JSON that a workload of bench_io ends with.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// {"a":1,"b":2.5} in the making.
class Result {
 public:
  Result& count(std::string_view name, std::uint64_t value);
  Result& seconds(std::string_view name, double value);
  /// NAME_mean, _p50, _p99 and _max, in seconds; nothing when there are none.
  Result& latencies(const std::string& name, std::vector<double> values);
  std::string json() const { return "{" + out_ + "}"; }

 private:
  std::string out_;
};

}  // namespace bench
