// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/read_pattern.h"

#include <random>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {
constexpr std::uint64_t kKiB = 1U << 10U;
constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kGiB = 1U << 30U;
constexpr std::uint64_t kRoom = kGiB;
}  // namespace

TEST_CASE("one read tells nothing, the second in a row something") {
  ReadPattern pattern;
  CHECK(pattern.on_read({0, 128 * kKiB}, kGiB, true, kRoom).ahead.empty());
  const ReadAdvice second = pattern.on_read({128 * kKiB, 256 * kKiB}, kGiB, false, kRoom);
  CHECK(second.sequential);
  CHECK(second.ahead.begin == 256 * kKiB);
  CHECK(second.ahead.size() <= 2 * kMiB);
}

TEST_CASE("random reads of a large file never fetch ahead") {
  std::mt19937_64 random(7);
  ReadPattern pattern;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t at = random() % (1000 * kGiB);
    CHECK_FALSE(pattern.on_read({at, at + 4096}, 1000 * kGiB, true, kRoom).sequential);
  }
}

TEST_CASE("a reader that never waits gets two parts ahead and no more") {
  ReadPattern pattern;
  std::uint64_t announced = 0;
  for (std::uint64_t at = 0; at < 200 * kMiB; at += kMiB) {
    const ReadAdvice advice = pattern.on_read({at, at + kMiB}, kGiB, false, kRoom);
    if (!advice.ahead.empty()) {
      if (announced > 0) CHECK(advice.ahead.begin == announced);  // no gap and nothing twice
      announced = advice.ahead.end;
    }
    CHECK(announced <= at + kMiB + 2 * ReadPattern::kPart);
  }
  CHECK(announced > 200 * kMiB);
}

TEST_CASE("a reader that waits soon has sixteen parts on their way") {
  ReadPattern pattern;
  std::uint64_t read = 0;
  std::uint64_t ahead = 0;
  while (ahead < read + 15 * ReadPattern::kPart) {
    REQUIRE(read < 10 * kMiB);
    const ReadAdvice advice = pattern.on_read({read, read + kMiB}, 10 * kGiB, true, kRoom);
    read += kMiB;
    if (!advice.ahead.empty()) ahead = advice.ahead.end;
  }
  for (int i = 0; i < 100; ++i) {
    const ReadAdvice advice = pattern.on_read({read, read + kMiB}, 10 * kGiB, true, kRoom);
    read += kMiB;
    CHECK(advice.ahead.end <= read + ReadPattern::kMostParts * ReadPattern::kPart);
  }
}

TEST_CASE("ahead ends at the end of the file") {
  ReadPattern pattern;
  pattern.on_read({0, kMiB}, 3 * kMiB + 5, true, kRoom);
  CHECK(pattern.on_read({kMiB, 2 * kMiB}, 3 * kMiB + 5, true, kRoom).ahead.end == 3 * kMiB + 5);
  CHECK(pattern.on_read({2 * kMiB, 3 * kMiB + 5}, 3 * kMiB + 5, true, kRoom).ahead.empty());
}

TEST_CASE("reads that arrive out of order belong together") {
  ReadPattern pattern;
  pattern.on_read({128 * kKiB, 256 * kKiB}, kGiB, false, kRoom);
  CHECK(pattern.on_read({0, 128 * kKiB}, kGiB, false, kRoom).sequential);
  CHECK(pattern.on_read({256 * kKiB, 384 * kKiB}, kGiB, false, kRoom).sequential);
}

TEST_CASE("places read in turn are told apart") {
  ReadPattern pattern;
  for (std::uint64_t i = 0; i < 10; ++i) {
    for (const std::uint64_t begin : {std::uint64_t{0}, 100 * kMiB, 500 * kMiB}) {
      const std::uint64_t at = begin + i * kMiB;
      CHECK(pattern.on_read({at, at + kMiB}, kGiB, false, kRoom).sequential == (i > 0));
    }
  }
}

TEST_CASE("an established run bears jumps of page faults") {
  ReadPattern pattern;
  for (std::uint64_t i = 0; i < 5; ++i)
    pattern.on_read({i * kMiB, (i + 1) * kMiB}, kGiB, false, kRoom);
  CHECK(pattern.on_read({6 * kMiB, 7 * kMiB}, kGiB, false, kRoom).sequential);
  CHECK(pattern.on_read({5 * kMiB, 6 * kMiB}, kGiB, false, kRoom).sequential);
  CHECK_FALSE(pattern.on_read({500 * kMiB, 501 * kMiB}, kGiB, false, kRoom).sequential);
}

TEST_CASE("a place fetches no further ahead than its share of memory") {
  ReadPattern pattern;
  for (std::uint64_t at = 0; at < 200 * kMiB; at += kMiB) {
    const ReadAdvice advice = pattern.on_read({at, at + kMiB}, kGiB, true, 20 * kMiB);
    CHECK(advice.ahead.end <= at + kMiB + 20 * kMiB);
  }
}

TEST_CASE("places that are read on are counted until they are left") {
  ReadPattern pattern;
  for (std::uint64_t i = 0; i < 4; ++i) {
    pattern.on_read({i * kMiB, (i + 1) * kMiB}, kGiB, false, kRoom);
    pattern.on_read({(500 + i) * kMiB, (501 + i) * kMiB}, kGiB, false, kRoom);
  }
  CHECK(pattern.streams() == 2);
  for (std::uint64_t i = 4; i < 100; ++i) {
    pattern.on_read({i * kMiB, (i + 1) * kMiB}, kGiB, false, kRoom);
  }
  CHECK(pattern.streams() == 1);
}
