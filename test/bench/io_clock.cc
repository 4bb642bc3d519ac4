// SPDX-License-Identifier: Apache-2.0
#include "io_clock.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace bench {

Result& Result::count(std::string_view name, std::uint64_t value) {
  if (!out_.empty()) out_ += ",";
  out_.append("\"").append(name).append("\":").append(std::to_string(value));
  return *this;
}

Result& Result::seconds(std::string_view name, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7f", value);
  if (!out_.empty()) out_ += ",";
  out_.append("\"").append(name).append("\":").append(text);
  return *this;
}

Result& Result::latencies(const std::string& name, std::vector<double> values) {
  if (values.empty()) return *this;
  std::sort(values.begin(), values.end());
  const auto count = values.size();
  seconds(name + "_mean",
          std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count));
  seconds(name + "_p50", values[count / 2]);
  seconds(name + "_p99", values[std::min(count - 1, count * 99 / 100)]);
  return seconds(name + "_max", values.back());
}

}  // namespace bench
