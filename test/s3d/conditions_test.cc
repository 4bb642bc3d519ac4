// SPDX-License-Identifier: Apache-2.0
#include "s3d/conditions.h"

#include <string_view>

#include "s3d/clock.h"
#include "s3d/store.h"
#include "support/catch.h"

namespace s3d {

TEST_CASE("ranges are read as S3 reads them") {
  struct Row {
    std::string_view header;
    std::uint64_t size;
    RangeKind kind;
    std::uint64_t first;
    std::uint64_t length;
  };
  const Row rows[] = {
      {"bytes=0-0", 10, RangeKind::kPart, 0, 1},
      {"bytes=5-99", 10, RangeKind::kPart, 5, 5},
      {"bytes=7-", 10, RangeKind::kPart, 7, 3},
      {"bytes=-3", 10, RangeKind::kPart, 7, 3},
      {"bytes=-99", 10, RangeKind::kPart, 0, 10},
      {"bytes=9-9", 10, RangeKind::kPart, 9, 1},
      {"bytes=10-", 10, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=10-12", 10, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=-0", 10, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=0-", 0, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=0-0", 0, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=-1", 0, RangeKind::kUnsatisfiable, 0, 0},
      {"bytes=5-2", 10, RangeKind::kWhole, 0, 10},
      {"bytes=0-1,3-4", 10, RangeKind::kWhole, 0, 10},
      {"bytes=", 10, RangeKind::kWhole, 0, 10},
      {"bytes=-", 10, RangeKind::kWhole, 0, 10},
      {"items=0-1", 10, RangeKind::kWhole, 0, 10},
      {"", 10, RangeKind::kWhole, 0, 10},
      {"bytes=a-b", 10, RangeKind::kWhole, 0, 10},
      {"bytes=99999999999999999999-", 10, RangeKind::kWhole, 0, 10},
  };
  for (const Row& row : rows) {
    INFO(row.header << " of " << row.size);
    RangeVerdict verdict = judge_range(row.header, row.size);
    CHECK(verdict.kind == row.kind);
    CHECK(verdict.range.first == row.first);
    CHECK(verdict.range.length == row.length);
  }
}

TEST_CASE("copy ranges must be closed and inside the source") {
  CHECK(parse_copy_range("bytes=2-4", 5)->length == 3);
  for (std::string_view bad :
       {"bytes=2-5", "bytes=2-", "bytes=-2", "2-4", "bytes=4-2", "bytes=1-2-3"})
    CHECK_FALSE(parse_copy_range(bad, 5));
}

TEST_CASE("preconditions follow the order of RFC 9110") {
  std::time_t t = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  std::string before = http_date(t - 1);
  std::string same = http_date(t);
  struct Row {
    std::vector<Header> headers;
    Precondition expected;
  };
  const Row rows[] = {
      {{}, Precondition::kHolds},
      {{{"if-match", "\"e\""}}, Precondition::kHolds},
      {{{"if-match", "e"}}, Precondition::kHolds},
      {{{"if-match", "*"}}, Precondition::kHolds},
      {{{"if-match", "\"x\", \"e\""}}, Precondition::kHolds},
      {{{"if-match", "\"x\""}}, Precondition::kFailed},
      {{{"if-match", "\"e\""}, {"if-unmodified-since", before}}, Precondition::kHolds},
      {{{"if-unmodified-since", before}}, Precondition::kFailed},
      {{{"if-unmodified-since", same}}, Precondition::kHolds},
      {{{"if-none-match", "\"e\""}}, Precondition::kNotModified},
      {{{"if-none-match", "*"}}, Precondition::kNotModified},
      {{{"if-none-match", "\"x\""}}, Precondition::kHolds},
      {{{"if-none-match", "\"x\""}, {"if-modified-since", same}}, Precondition::kHolds},
      {{{"if-modified-since", same}}, Precondition::kNotModified},
      {{{"if-modified-since", before}}, Precondition::kHolds},
      {{{"if-modified-since", "yesterday"}}, Precondition::kHolds},
  };
  for (const Row& row : rows) {
    Headers headers;
    Headers copy;
    for (const Header& h : row.headers) {
      INFO(h.name << ": " << h.value);
      headers.add(h.name, h.value);
      copy.add("x-amz-copy-source-" + h.name, h.value);
    }
    CHECK(judge_preconditions(headers, "", "e", t) == row.expected);
    Precondition for_copy =
        row.expected == Precondition::kNotModified ? Precondition::kFailed : row.expected;
    CHECK(judge_preconditions(copy, "x-amz-copy-source-", "e", t) == for_copy);
  }
}

}  // namespace s3d
