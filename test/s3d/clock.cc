// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <time.h>

#include <chrono>

namespace s3d {
namespace {

std::string format_time(const char* format, std::time_t t) {
  std::tm parts{};
  gmtime_r(&t, &parts);
  char text[64];
  std::size_t n = std::strftime(text, sizeof text, format, &parts);
  return std::string(text, n);
}

std::optional<std::time_t> parse_time(const char* format, std::string_view text) {
  std::tm parts{};
  std::string copy(text);
  const char* end = strptime(copy.c_str(), format, &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

}  // namespace

std::int64_t Clock::now_ms() const {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count() + offset() * 1000;
}

std::string http_date(std::time_t t) {
  return format_time("%a, %d %b %Y %H:%M:%S GMT", t);
}
std::string listing_date(std::time_t t) {
  return format_time("%Y-%m-%dT%H:%M:%S.000Z", t);
}
std::string error_date(std::time_t t) {
  return format_time("%Y-%m-%dT%H:%M:%SZ", t);
}
std::string amz_date(std::time_t t) {
  return format_time("%Y%m%dT%H%M%SZ", t);
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  // SigV2 clients also write "+0000"; RFC 7231 asks recipients to take the obsolete forms as well.
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S +0000",
                             "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"})
    if (auto t = parse_time(format, text)) return t;
  return std::nullopt;
}

std::optional<std::time_t> parse_amz_date(std::string_view text) {
  return parse_time("%Y%m%dT%H%M%SZ", text);
}

}  // namespace s3d
