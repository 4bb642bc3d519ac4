// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/names_ahead.h"

#include <vector>

#include "fs/predict/small_files.h"
#include "support/catch.h"

namespace pailfs::fs {
namespace {

using Advice = NameWalk::Advice;

TEST_CASE("what is advised on one name comes to names of two directories") {
  struct Row {
    const char* what;
    Advice advice;
    std::uint64_t whole;  // of the name itself
    NamesAhead here;
    NamesAhead next;
  };
  const std::vector<Row> rows = {
      {"nothing", {}, 0, {}, {}},
      {"the first name asked about", {.is_first = true}, kTinyObject, {}, {}},
      {"a walk that only asks",
       {.ahead = 8, .from = 2, .until = 10},
       0,
       {.from = 2, .end = 10, .all = false},
       {}},
      {"certain files too",
       {.ahead = 8, .from = 2, .until = 10, .all = true},
       0,
       {.from = 2, .end = 10},
       {}},
      {"one that only asks ends with its directory",
       {.ahead = 8, .from = 2, .until = 10, .reaches_end = true, .all = true},
       0,
       {.from = 2, .end = 10},
       {}},
      {"files that are read come with their bytes",
       {.expects_reads = true, .ahead = 16, .from = 5, .until = 20, .all = true},
       kSmallObject,
       {.from = 5, .end = 20, .whole_up_to = kSmallObject, .age = kFreshToOpen},
       {}},
      {"and go on in the next directory",
       {.expects_reads = true,
        .ahead = 16,
        .from = 5,
        .until = 20,
        .reaches_end = true,
        .all = true},
       kSmallObject,
       {.from = 5, .end = 20, .whole_up_to = kSmallObject, .age = kFreshToOpen},
       {.end = 16, .whole_up_to = kSmallObject, .age = kFreshToOpen}},
      {"also when the rest of this one was advised before",
       {.expects_reads = true,
        .ahead = 16,
        .from = 9,
        .until = 9,
        .reaches_end = true,
        .all = true},
       kSmallObject,
       {.from = 9, .end = 9, .whole_up_to = kSmallObject, .age = kFreshToOpen},
       {.end = 16, .whole_up_to = kSmallObject, .age = kFreshToOpen}},
  };
  const auto same = [](const NamesAhead& a, const NamesAhead& b) {
    if (a.empty() || b.empty()) return a.empty() && b.empty();
    return a.from == b.from && a.end == b.end && a.all == b.all && a.whole_up_to == b.whole_up_to &&
           a.age == b.age;
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(whole_up_to(row.advice) == row.whole);
    CHECK(same(names_here(row.advice), row.here));
    CHECK(same(names_in_next_directory(row.advice), row.next));
  }
}

TEST_CASE("of a directory that is read next its first names are asked for as those before were") {
  CHECK(first_names({}).empty());
  CHECK(first_names({.reads = true, .all = true}).empty());
  const auto asks = first_names({.asks = true});
  CHECK(asks.from == 0);
  CHECK(asks.end == kFirstNames);
  CHECK_FALSE(asks.all);
  CHECK(asks.whole_up_to == 0);
  CHECK_FALSE(asks.age);
  CHECK(first_names({.asks = true, .all = true}).all);
  const auto reads = first_names({.asks = true, .reads = true});
  CHECK(reads.all);
  CHECK(reads.whole_up_to == kSmallObject);
}

}  // namespace
}  // namespace pailfs::fs
