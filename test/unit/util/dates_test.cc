// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using namespace std::chrono_literals;

namespace {

/// 2026-11-22T03:17:29Z
const WallTime kMoment = WallTime{1'795'317'449s};

}  // namespace

TEST_CASE("one moment in all its spellings", "[util]") {
  CHECK(http_date(kMoment) == "Sun, 22 Nov 2026 03:17:29 GMT");
  CHECK(iso8601_basic(kMoment) == "20261122T031729Z");
  CHECK(iso8601_millis(kMoment + 654'999'999ns) == "2026-11-22T03:17:29.654Z");
  CHECK(parse_http_date("Sun, 22 Nov 2026 03:17:29 GMT") == kMoment);
  CHECK(parse_iso8601("2026-11-22T03:17:29Z") == kMoment);
  CHECK(parse_iso8601("2026-11-22T03:17:29.654Z") == kMoment + 654ms);
  CHECK(parse_iso8601("2026-11-22T03:17:29.123456789Z") == kMoment + 123'456'789ns);
  CHECK(parse_iso8601("2026-11-22T03:17:29.1234567899Z") == kMoment + 123'456'789ns);
  CHECK(parse_iso8601("2026-11-22T05:47:29+02:30") == kMoment);
  CHECK(parse_iso8601("2026-11-21T20:17:29-07:00") == kMoment);
}

TEST_CASE("the epoch, leap days and times before 1970", "[util]") {
  CHECK(parse_iso8601("1970-01-01T00:00:00Z") == WallTime{});
  CHECK(parse_iso8601("2024-02-29T00:00:00Z").has_value());
  CHECK(http_date(WallTime{-1ns}) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(iso8601_millis(WallTime{-1ns}) == "1969-12-31T23:59:59.999Z");
  CHECK(parse_iso8601(iso8601_millis(kMoment)) == kMoment);
}

TEST_CASE("dates that are none are refused", "[util]") {
  for (const std::string bad :
       {"", "2026-11-22", "2026-11-22T03:17:29", "2026-11-22 03:17:29Z", "2026-13-22T03:17:29Z",
        "2026-02-30T03:17:29Z", "2025-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T03:60:00Z", "2026-11-22T03:17:29.Z", "2026-11-22T03:17:29Zx",
        "2026-11-22T03:17:29+0230", "+026-11-22T03:17:29Z", "2026-1-22T03:17:29Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_iso8601(bad).has_value());
  }
  for (const std::string bad : {"", "Sun 22 Nov 2026 03:17:29 GMT", "Sun, 22 Nov 2026 03:17:29",
                                "Sun, 32 Nov 2026 03:17:29 GMT", "Sun, 22 Nob 2026 03:17:29 GMT",
                                "Sun, 22 Nov 2026 03:17:29 CET", "Sunday, 22-Nov-26 03:17:29 GMT",
                                "Sun, 2 Nov 2026 03:17:29 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_http_date(bad).has_value());
  }
}

TEST_CASE("dates that nanoseconds cannot hold are refused and do not wrap around", "[util]") {
  for (const std::string far : {"9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
                                "2300-01-01T00:00:00Z", "1600-01-01T00:00:00Z"}) {
    CAPTURE(far);
    CHECK_FALSE(parse_iso8601(far).has_value());
  }
  CHECK_FALSE(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT").has_value());
  CHECK(parse_iso8601("2261-12-31T23:59:59.999999999Z").has_value());
  CHECK(parse_iso8601("1678-01-01T00:00:00+23:59").has_value());
}
