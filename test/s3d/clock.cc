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

/// Remembers one second's text.
class LastDate {
 public:
  const std::string& get(const char* format, std::time_t t) {
    if (text_.empty() || t != second_) text_ = format_time(format, t);
    second_ = t;
    return text_;
  }

 private:
  std::time_t second_ = 0;
  std::string text_;
};

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

// The two below come in runs of one second: the date of every reply, a thousand entries of a page.
std::string http_date(std::time_t t) {
  thread_local LastDate last;
  return last.get("%a, %d %b %Y %H:%M:%S GMT", t);
}

std::string listing_date(std::time_t t) {
  thread_local LastDate last;
  return last.get("%Y-%m-%dT%H:%M:%S.000Z", t);
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
  // By hand, for it happens in every request: 20130524T000000Z
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (char c : text.substr(at, digits))
      value = c >= '0' && c <= '9' ? value * 10 + c - '0' : -9999;
    return value;
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(4, 2) - 1;
  parts.tm_mday = number(6, 2);
  parts.tm_hour = number(9, 2);
  parts.tm_min = number(11, 2);
  parts.tm_sec = number(13, 2);
  bool sane = parts.tm_year >= 0 && parts.tm_mon >= 0 && parts.tm_mon < 12 && parts.tm_mday >= 1 &&
              parts.tm_mday <= 31 && parts.tm_hour >= 0 && parts.tm_hour < 24 &&
              parts.tm_min >= 0 && parts.tm_min < 60 && parts.tm_sec >= 0 && parts.tm_sec <= 60;
  if (!sane) return std::nullopt;
  return timegm(&parts);
}

}  // namespace s3d
