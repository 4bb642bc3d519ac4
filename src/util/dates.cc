// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

namespace pailfs {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Civil {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

std::optional<WallTime> moment(const Civil& c) {
  // Whole years that 64 bits of nanoseconds hold; a foreign date beyond them must not wrap around.
  if (c.year < 1678 || c.year > 2261) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{c.year}, std::chrono::month{c.month},
                                         std::chrono::day{c.day}};
  // A leap second is folded into the one before, as POSIX time does.
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  const auto day = std::chrono::sys_days{date};
  return WallTime{day} + std::chrono::hours{c.hour} + std::chrono::minutes{c.minute} +
         seconds{c.second};
}

Civil civil(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count())};
}

/// Reads fixed-width fields off the front of a text; `ok` turns false at the first deviation.
struct Reader {
  std::string_view rest;
  bool ok = true;

  unsigned number(std::size_t digits) {
    const auto value = rest.size() >= digits ? parse_uint(rest.substr(0, digits)) : std::nullopt;
    ok = ok && value.has_value();
    rest.remove_prefix(ok ? digits : rest.size());
    return static_cast<unsigned>(value.value_or(0));
  }
  void literal(std::string_view text) {
    ok = ok && rest.substr(0, text.size()) == text;
    rest.remove_prefix(ok ? text.size() : rest.size());
  }
};

template <class... Fields>
std::string format(const char* pattern, Fields... fields) {
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), pattern, fields...);
  return out.data();
}

// Reads the fraction behind the seconds; 0 if there is none.
std::optional<nanoseconds> fraction_in(Reader& in) {
  std::int64_t fraction = 0;
  if (!in.ok || !in.rest.starts_with('.')) return nanoseconds{0};
  in.literal(".");
  std::int64_t scale = 100'000'000;
  std::size_t digits = 0;
  for (; digits < in.rest.size() && in.rest[digits] >= '0' && in.rest[digits] <= '9'; ++digits) {
    fraction += (in.rest[digits] - '0') * scale;
    scale /= 10;
  }
  if (digits == 0) return std::nullopt;
  in.rest.remove_prefix(digits);
  return nanoseconds{fraction};
}

}  // namespace

std::optional<WallTime> parse_iso8601(std::string_view text) {
  Reader in{text};
  Civil c;
  c.year = static_cast<int>(in.number(4));
  in.literal("-");
  c.month = in.number(2);
  in.literal("-");
  c.day = in.number(2);
  in.literal("T");
  c.hour = in.number(2);
  in.literal(":");
  c.minute = in.number(2);
  in.literal(":");
  c.second = in.number(2);
  const auto fraction = fraction_in(in);
  if (!fraction) return std::nullopt;
  seconds offset{0};
  if (in.rest.starts_with('+') || in.rest.starts_with('-')) {
    const int sign = in.rest[0] == '+' ? 1 : -1;
    in.rest.remove_prefix(1);
    const unsigned hours = in.number(2);
    in.literal(":");
    const unsigned minutes = in.number(2);
    offset = seconds{sign * static_cast<int>(hours * 3600 + minutes * 60)};
  } else {
    in.literal("Z");
  }
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  const auto whole = moment(c);
  if (!whole) return std::nullopt;
  return *whole + *fraction - offset;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  Reader in{text.substr(comma + 2)};
  Civil c;
  c.day = in.number(2);
  in.literal(" ");
  c.month = 0;
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (in.rest.starts_with(kMonths.at(i))) c.month = i + 1;
  }
  if (!in.ok || c.month == 0) return std::nullopt;
  in.rest.remove_prefix(3);
  in.literal(" ");
  c.year = static_cast<int>(in.number(4));
  in.literal(" ");
  c.hour = in.number(2);
  in.literal(":");
  c.minute = in.number(2);
  in.literal(":");
  c.second = in.number(2);
  in.literal(" GMT");
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  return moment(c);
}

std::string http_date(WallTime time) {
  const Civil c = civil(time);
  const auto day = std::chrono::weekday{std::chrono::floor<std::chrono::days>(time)};
  return std::string(kDays.at(day.c_encoding())) + format(", %02u %s %04d %02u:%02u:%02u GMT",
                                                          c.day, kMonths.at(c.month - 1).data(),
                                                          c.year, c.hour, c.minute, c.second);
}

std::string iso8601_basic(WallTime time) {
  const Civil c = civil(time);
  return format("%04d%02u%02uT%02u%02u%02uZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string iso8601_millis(WallTime time) {
  const Civil c = civil(time);
  const auto fraction = time - std::chrono::floor<seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(fraction).count();
  return format("%04d-%02u-%02uT%02u:%02u:%02u.%03dZ", c.year, c.month, c.day, c.hour, c.minute,
                c.second, static_cast<int>(millis));
}

}  // namespace pailfs
