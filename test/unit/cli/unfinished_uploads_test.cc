// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/unfinished_uploads.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/text.h"

#include "cli/options/age.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::cli {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST_CASE("An age is all, or numbers with units in their order") {
  const std::vector<std::pair<std::string, std::int64_t>> good = {
      {"all", 0},
      {"0s", 0},
      {"30s", 30},
      {"5m", 300},
      {"24h", 86400},
      {"2D", 172800},
      {"1M", 2592000},
      {"1Y", 31536000},
      {"1Y6M10D12h30m30s", 31536000 + 6 * 2592000 + 864000 + 43200 + 1800 + 30}};
  for (const auto& [text, value] : good) {
    CAPTURE(text);
    REQUIRE(parse_age(text));
    CHECK(parse_age(text)->count() == value);
  }
  for (const char* bad : {"", "1", "s", "-1s", "1d", "1H", "1s1m", "1m1m", "1.5h", "all ", "ALL",
                          "1h ", "99999999999999999999s", "9999999Y"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_age(bad));
  }
}

/// Five uploads, the next one 12 hours younger, in pages of two.
struct Bench {
  test::FakeClock clock;
  test::StoreLimits limits;
  test::FakeStore bucket;
  test::FaultStore store{bucket};
  std::vector<std::string> ids, dates;
  std::ostringstream out;

  Bench() : limits(pages_of_two()), bucket(clock, limits) {
    for (int i = 0; i < 5; ++i) {
      if (i > 0) clock.advance(hours(12));
      const auto id =
          bucket.create_upload("dir/k" + std::to_string(i), {}, store::PartOrigin::mixed);
      REQUIRE(id);
      ids.push_back(id->value);
      dates.push_back(iso8601_millis(clock.wall()));
    }
  }
  static test::StoreLimits pages_of_two() {
    test::StoreLimits limits;
    limits.page = 2;
    return limits;
  }
  void fail(test::Verb verb, const std::string& key = "*") {
    test::Fault fault;
    fault.verb = verb;
    fault.key = key;
    fault.error = Error(EIO, "DELETE upload " + key + ": SlowDown");
    store.add(fault);
  }
  [[nodiscard]] std::vector<std::string> left() {
    std::vector<std::string> keys;
    store::UploadPage at;
    do {
      auto page = bucket.list_uploads("", at);
      REQUIRE(page);
      for (const auto& upload : page->uploads) keys.push_back(upload.key);
      at = *page;
    } while (!at.next_key.empty());
    return keys;
  }
};

TEST_CASE("Unfinished uploads are listed over all pages in s3fs's form") {
  Bench bench;
  REQUIRE(list_uploads(bench.store, "dir/", bench.out));
  CHECK(bench.bucket.count().of(test::Verb::list_uploads) == 3);
  const std::string text = bench.out.str();
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("*** s3fs run as utility mode."));
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK_THAT(text, Catch::Matchers::ContainsSubstring(" Path     : /dir/k" + std::to_string(i) +
                                                        "\n UploadId : " + bench.ids[i] +
                                                        "\n Date     : " + bench.dates[i] + "\n"));
  }
}

TEST_CASE("No uploads are no error") {
  Bench bench;
  REQUIRE(list_uploads(bench.store, "elsewhere/", bench.out));
  CHECK_THAT(bench.out.str(), Catch::Matchers::ContainsSubstring("There is no list.\n"));
  CHECK(abort_uploads(bench.store, "elsewhere/", seconds(0), bench.clock.wall(), bench.out));
  CHECK(bench.left().size() == 5);
}

TEST_CASE("Only uploads of the age are removed, and each is named") {
  Bench bench;
  REQUIRE(abort_uploads(bench.store, "", hours(24), bench.clock.wall(), bench.out));
  CHECK(bench.left() == std::vector<std::string>{"dir/k3", "dir/k4"});
  CHECK_THAT(bench.out.str(), Catch::Matchers::ContainsSubstring(
                                  "Succeed to remove /dir/k2 multipart uploading object.\n"));
  CHECK(bench.out.str().find("k3") == std::string::npos);
  REQUIRE(abort_uploads(bench.store, "", seconds(0), bench.clock.wall(), bench.out));
  CHECK(bench.left().empty());
}

TEST_CASE("A failure is told, and what else can be removed is removed") {
  Bench bench;
  bench.fail(test::Verb::abort_upload, "dir/k1");
  const Status status = abort_uploads(bench.store, "", seconds(0), bench.clock.wall(), bench.out);
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring("1 unfinished uploads") &&
                                      Catch::Matchers::ContainsSubstring("dir/k1"));
  CHECK(bench.left() == std::vector<std::string>{"dir/k1"});

  bench.fail(test::Verb::list_uploads);
  std::ostringstream nothing;
  CHECK_FALSE(list_uploads(bench.store, "", nothing));
  CHECK_FALSE(abort_uploads(bench.store, "", seconds(0), bench.clock.wall(), nothing));
  CHECK(nothing.str().empty());
}

}  // namespace
}  // namespace pailfs::cli
