// SPDX-License-Identifier: Apache-2.0
#include "http/stall_watch.h"

#include "support/catch.h"

using namespace pailfs::http;  // NOLINT: a test file
using namespace std::chrono_literals;

namespace {
const pailfs::MonoTime kStart{1000s};
}

TEST_CASE("silence counts only from the moment the request begins", "[http]") {
  StallWatch watch(30s);
  CHECK_FALSE(watch.dead(kStart + 1h, 0, 0));
  watch.start(kStart + 1h);
  CHECK_FALSE(watch.dead(kStart + 1h + 29s, 0, 0));
  CHECK(watch.dead(kStart + 1h + 30s, 0, 0));
}

TEST_CASE("every byte starts the limit again", "[http]") {
  StallWatch watch(30s);
  watch.start(kStart);
  CHECK_FALSE(watch.dead(kStart + 29s, 1, 0));
  CHECK_FALSE(watch.dead(kStart + 58s, 2, 0));
  CHECK_FALSE(watch.dead(kStart + 87s, 2, 0));
  CHECK(watch.dead(kStart + 88s, 2, 0));
}

TEST_CASE("a crawl with much to go is given up after a minute", "[http]") {
  StallWatch watch(30s);
  watch.start(kStart);
  std::uint64_t moved = 0;
  for (int second = 1; second < 60; ++second) {
    moved += 100;
    CHECK_FALSE(watch.dead(kStart + std::chrono::seconds(second), moved, 1 << 20));
  }
  CHECK(watch.dead(kStart + 60s, moved, 1 << 20));
}

TEST_CASE("a slow but useful rate is left alone", "[http]") {
  StallWatch watch(30s);
  watch.start(kStart);
  std::uint64_t moved = 0;
  for (int second = 1; second < 300; ++second) {
    moved += 2048;
    CHECK_FALSE(watch.dead(kStart + std::chrono::seconds(second), moved, 1 << 20));
  }
}

TEST_CASE("a crawl close to the end may finish", "[http]") {
  StallWatch watch(30s);
  watch.start(kStart);
  std::uint64_t moved = 0;
  for (int second = 1; second < 300; ++second) {
    moved += 1;
    CHECK_FALSE(watch.dead(kStart + std::chrono::seconds(second), moved, 60'000));
  }
}
