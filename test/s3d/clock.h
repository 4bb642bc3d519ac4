// SPDX-License-Identifier: Apache-2.0
/// Wall-clock time of the server (which a test may shift) and the four date formats S3 speaks.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace s3d {

/// The server's idea of the time: real time plus an offset that the controls set. Thread-safe.
class Clock {
 public:
  std::time_t now() const { return std::time(nullptr) + offset_.load(std::memory_order_relaxed); }
  std::int64_t now_ms() const;
  void set_offset(std::int64_t seconds) { offset_.store(seconds); }
  std::int64_t offset() const { return offset_.load(); }

 private:
  std::atomic<std::int64_t> offset_{0};
};

std::string http_date(std::time_t t);     ///< Sun, 06 Nov 1994 08:49:37 GMT
std::string listing_date(std::time_t t);  ///< 1994-11-06T08:49:37.000Z
std::string error_date(std::time_t t);    ///< 1994-11-06T08:49:37Z
std::string amz_date(std::time_t t);      ///< 19941106T084937Z
std::optional<std::time_t> parse_http_date(std::string_view text);
std::optional<std::time_t> parse_amz_date(std::string_view text);

}  // namespace s3d
