// SPDX-License-Identifier: Apache-2.0
#include "cli/run/bucket_wait.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/util/log.h"

#include "support/catch.h"

namespace pailfs::cli {

using Catch::Matchers::ContainsSubstring;
using namespace std::chrono_literals;

namespace {

/// The log of one test.
class Lines final {
 public:
  Lines() {
    log::set_sink([this](LogLevel, std::string_view line) { lines_.emplace_back(line); });
  }
  ~Lines() { log::set_sink(log::stream_sink(2, {})); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  /// Call it when no thread writes any more.
  [[nodiscard]] const std::vector<std::string>& all() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

void wait_for(const std::atomic<int>& count, int wanted) {
  for (int i = 0; i < 1000 && count < wanted; ++i) std::this_thread::sleep_for(10ms);
}

}  // namespace

TEST_CASE("a bucket that answers at once is asked once and not talked about", "[background]") {
  Lines lines;
  std::atomic<int> asked = 0;
  {
    const BucketWait check("s3://b/", [&] {
      ++asked;
      return Status();
    });
    wait_for(asked, 1);
    for (int i = 0; i < 1000 && check.trouble(); ++i) std::this_thread::sleep_for(10ms);
    CHECK_FALSE(check.trouble().has_value());
  }
  CHECK(asked == 1);
  CHECK(lines.all().empty());
}

TEST_CASE("a bucket is asked for until it answers, and each failure is logged", "[background]") {
  Lines lines;
  std::atomic<int> asked = 0;
  {
    const BucketWait check(
        "s3://b/",
        [&] { return ++asked < 3 ? Status(Error(ECONNREFUSED, "nobody there")) : Status(); }, 1ms);
    wait_for(asked, 3);
  }
  CHECK(asked == 3);
  REQUIRE(lines.all().size() == 3);
  CHECK_THAT(lines.all()[0],
             ContainsSubstring("s3://b/ is not reached yet, it is asked for again: nobody there"));
  CHECK_THAT(lines.all()[2], ContainsSubstring("s3://b/ is reached, after 2 failures"));
}

TEST_CASE("the end of a mount does not wait for the next question", "[background]") {
  Lines lines;
  std::atomic<int> asked = 0;
  const auto begin = std::chrono::steady_clock::now();
  {
    const BucketWait check(
        "s3://b/",
        [&] {
          ++asked;
          return Status(Error(ECONNREFUSED, "nobody there"));
        },
        1h);
    CHECK(check.trouble().has_value());
    for (int i = 0; i < 1000 && check.trouble() != "nobody there"; ++i)
      std::this_thread::sleep_for(10ms);
    CHECK(check.trouble() == "nobody there");
  }
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
  CHECK(asked == 1);
}

}  // namespace pailfs::cli
