// SPDX-License-Identifier: Apache-2.0
#include "fs/name_walk.h"

#include "support/catch.h"

using namespace pailfs::fs;

TEST_CASE("three names in a row bring the next ones side by side") {
  NameWalk walk;
  CHECK(walk.next(10).ahead == 0);
  CHECK(walk.next(11).ahead == 0);
  CHECK_FALSE(walk.under_way());
  CHECK(walk.next(12).ahead == 4);
  CHECK(walk.under_way());
  CHECK(walk.next(12).ahead == 4);  // asked about twice
  CHECK(walk.next(15).ahead == 4);  // what lies between was known
  for (std::uint32_t place = 16; place < 113; ++place) walk.next(place);
  CHECK(walk.next(113).ahead == 29);
  for (std::uint32_t place = 114; place < 500; ++place) walk.next(place);
  CHECK(walk.next(500).ahead == 64);
}

TEST_CASE("who asks about the first names of a listing right after it will hardly stop there") {
  NameWalk walk;
  walk.listed();
  CHECK(walk.next(0).ahead == 0);  // it may be opened next
  CHECK_FALSE(walk.under_way());
  CHECK(walk.next(1).ahead == 8);
  CHECK(walk.under_way());
  CHECK(walk.next(2).ahead == 16);
  for (std::uint32_t place = 3; place < 10; ++place) walk.next(place);
  CHECK(walk.next(10).ahead == 64);
  walk.next(500);  // something else
  CHECK(walk.next(501).ahead == 0);
  CHECK(walk.next(502).ahead == 4);

  NameWalk in_the_middle;
  in_the_middle.listed();
  in_the_middle.next(100);
  CHECK(in_the_middle.next(101).ahead == 0);

  NameWalk long_since;
  long_since.listed();
  long_since.next(100);
  long_since.next(0);
  CHECK(long_since.next(1).ahead == 0);
}

TEST_CASE("names here and there are no walk") {
  for (const std::uint32_t step : {17U, 1'000U}) {
    NameWalk walk;
    for (std::uint32_t place = 0; place < 20 * step; place += step) {
      CHECK(walk.next(place).ahead == 0);
    }
  }
  NameWalk backwards;
  for (std::uint32_t place = 20; place > 0; --place) CHECK(backwards.next(place).ahead == 0);
  NameWalk interrupted;
  for (const std::uint32_t place : {1U, 2U, 3U}) interrupted.next(place);
  CHECK(interrupted.next(900).ahead == 0);
  CHECK(interrupted.next(901).ahead == 0);
  CHECK(interrupted.next(902).ahead == 4);
}

TEST_CASE("files that are opened one after the other are expected whole") {
  NameWalk walk;
  NameWalk::Advice advice;
  for (std::uint32_t place = 1; place < 6; ++place) {
    advice = walk.next(place);
    CHECK(advice.is_first == (place == 1));
    CHECK(advice.expects_reads == (place > 1));
    walk.opened(place);
  }
  CHECK(advice.ahead == 16);
  walk.opened(77);  // another one
  advice = walk.next(6);
  CHECK(advice.expects_reads);
  advice = walk.next(7);  // the last one was only asked about
  CHECK_FALSE(advice.expects_reads);
  CHECK(advice.ahead == 5);
}
