// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/name_walk.h"

#include "support/catch.h"

using namespace pailfs::fs;

TEST_CASE("three names in a row bring the next ones side by side") {
  NameWalk walk;
  CHECK(walk.next({10}).ahead == 0);
  CHECK(walk.next({11}).ahead == 0);
  CHECK_FALSE(walk.under_way());
  CHECK(walk.next({12}).ahead == 4);
  CHECK(walk.under_way());
  CHECK(walk.next({12}).ahead == 4);  // asked about twice
  CHECK(walk.next({15}).ahead == 4);  // what lies between was known
  for (std::uint32_t place = 16; place < 113; ++place) walk.next({place});
  CHECK(walk.next({113}).ahead == 29);
  for (std::uint32_t place = 114; place < 500; ++place) walk.next({place});
  CHECK(walk.next({500}).ahead == 64);
}

TEST_CASE("who asks about the first names of a listing right after it will hardly stop there") {
  NameWalk walk;
  walk.listed({});
  CHECK(walk.next({0}).ahead == 0);  // it may be opened next
  CHECK_FALSE(walk.under_way());
  CHECK(walk.next({1}).ahead == 8);
  CHECK(walk.under_way());
  CHECK(walk.next({2}).ahead == 16);
  for (std::uint32_t place = 3; place < 10; ++place) walk.next({place});
  CHECK(walk.next({10}).ahead == 64);
  walk.next({500});  // something else
  CHECK(walk.next({501}).ahead == 0);
  CHECK(walk.next({502}).ahead == 4);

  NameWalk in_the_middle;
  in_the_middle.listed({});
  in_the_middle.next({100});
  CHECK(in_the_middle.next({101}).ahead == 0);

  NameWalk long_since;
  long_since.listed({});
  long_since.next({100});
  long_since.next({0});
  CHECK(long_since.next({1}).ahead == 0);
}

TEST_CASE("what was done with the names of one directory is expected with those of the next") {
  NameWalk asks;
  asks.listed({});
  CHECK_FALSE(asks.habit().asks);
  asks.next({0});
  CHECK_FALSE(asks.habit().asks);  // it may have been that one
  asks.next({1});
  CHECK(asks.habit().asks);
  CHECK_FALSE(asks.habit().reads);

  NameWalk next;
  next.listed(asks.habit());
  CHECK_FALSE(next.habit().asks);
  const auto advice = next.next({0});
  CHECK(advice.ahead == 64);
  CHECK_FALSE(advice.is_first);
  CHECK_FALSE(advice.expects_reads);
  CHECK(next.habit().asks);  // also where there is one name only

  NameWalk in_the_middle;
  in_the_middle.listed(asks.habit());
  CHECK(in_the_middle.next({100}).ahead == 0);
  CHECK_FALSE(in_the_middle.habit().asks);

  NameWalk reads;
  reads.listed(asks.habit());
  reads.next({0});
  reads.opened({0});
  reads.next({1});
  reads.opened({1});
  CHECK(reads.habit().reads);
  NameWalk after;
  after.listed(reads.habit());
  CHECK(after.next({0}).expects_reads);
  CHECK(after.next({0}).ahead == 16);
  CHECK(after.habit().reads);  // of a directory, which is not opened as a file is
}

TEST_CASE("files that a listing shows to be files are expected once one was asked about") {
  NameWalk walk;
  walk.listed({});
  CHECK_FALSE(walk.next({0}).all);
  CHECK_FALSE(walk.next({3}).all);
  CHECK_FALSE(walk.habit().all);
  CHECK(walk.next({4, true}).all);
  CHECK(walk.next({5}).all);
  CHECK(walk.habit().all);
  NameWalk next;
  next.listed(walk.habit());
  CHECK(next.next({0}).all);
  CHECK_FALSE(next.next({500}).all);
}

TEST_CASE("no name is in two advices of one walk") {
  NameWalk walk;
  walk.listed({});
  walk.next({0});
  auto advice = walk.next({1});
  CHECK(advice.from == 2);
  CHECK(advice.until == 10);
  advice = walk.next({2});
  CHECK(advice.from == 10);
  CHECK(advice.until == 19);
  CHECK(walk.next({2}).from == 19);
  // So far there are twenty names: what comes later is wanted then.
  advice = walk.next({3, false, 20});
  CHECK(advice.from == 19);
  CHECK(advice.reaches_end);
  advice = walk.next({4, false, 100});
  CHECK(advice.from == 20);
  CHECK_FALSE(advice.reaches_end);
  // The files among them had been left out.
  CHECK(walk.next({5, true}).from == 6);
  walk.opened({5});
  CHECK(walk.next({6}).ahead == 0);
  walk.opened({6});
  advice = walk.next({7});  // whole ones now
  CHECK(advice.from == 8);
  CHECK(advice.until == 24);
  CHECK(walk.next({500}).ahead == 0);
  advice = walk.next({501, false, UINT32_MAX, 64});
  CHECK(advice.from == 502);
  CHECK(advice.until == 566);
}

TEST_CASE("names here and there are no walk") {
  for (const std::uint32_t step : {17U, 1'000U}) {
    NameWalk walk;
    for (std::uint32_t place = 0; place < 20 * step; place += step) {
      CHECK(walk.next({place}).ahead == 0);
    }
  }
  NameWalk backwards;
  for (std::uint32_t place = 20; place > 0; --place) CHECK(backwards.next({place}).ahead == 0);
  NameWalk interrupted;
  for (const std::uint32_t place : {1U, 2U, 3U}) interrupted.next({place});
  CHECK(interrupted.next({900}).ahead == 0);
  CHECK(interrupted.next({901}).ahead == 0);
  CHECK(interrupted.next({902}).ahead == 4);
}

TEST_CASE("files that are opened one after the other are expected whole") {
  NameWalk walk;
  NameWalk::Advice advice;
  for (std::uint32_t place = 1; place < 6; ++place) {
    advice = walk.next({place});
    CHECK(advice.is_first == (place == 1));
    CHECK(advice.expects_reads == (place > 1));
    walk.opened({place});
  }
  CHECK(advice.ahead == 16);
  advice = walk.opened({6});  // without a question before
  CHECK(advice.ahead == 16);
  CHECK(walk.opened({6}).ahead == 0);  // once more
  walk.opened({77});                   // another one
  advice = walk.next({7});
  CHECK(advice.expects_reads);
  advice = walk.next({8});  // the last one was only asked about
  CHECK_FALSE(advice.expects_reads);
  CHECK(advice.ahead == 5);
}
