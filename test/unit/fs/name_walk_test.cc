// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/name_walk.h"

#include "support/catch.h"

using namespace pailfs::fs;

TEST_CASE("three names in a row bring the next ones side by side") {
  NameWalk walk;
  CHECK(walk.on_question({10}).ahead == 0);
  CHECK(walk.on_question({11}).ahead == 0);
  CHECK_FALSE(walk.under_way());
  CHECK(walk.on_question({12}).ahead == 4);
  CHECK(walk.under_way());
  CHECK(walk.on_question({12}).ahead == 4);  // asked about twice
  CHECK(walk.on_question({15}).ahead == 4);  // what lies between was known
  for (std::uint32_t place = 16; place < 113; ++place) walk.on_question({place});
  CHECK(walk.on_question({113}).ahead == 29);
  for (std::uint32_t place = 114; place < 500; ++place) walk.on_question({place});
  CHECK(walk.on_question({500}).ahead == 64);
}

TEST_CASE("who asks about the first names of a listing right after it will hardly stop there") {
  NameWalk walk;
  walk.on_listed({});
  CHECK(walk.on_question({0}).ahead == 0);  // it may be opened next
  CHECK_FALSE(walk.under_way());
  CHECK(walk.on_question({1}).ahead == 8);
  CHECK(walk.under_way());
  CHECK(walk.on_question({2}).ahead == 16);
  for (std::uint32_t place = 3; place < 10; ++place) walk.on_question({place});
  CHECK(walk.on_question({10}).ahead == 64);
  walk.on_question({500});  // something else
  CHECK(walk.on_question({501}).ahead == 0);
  CHECK(walk.on_question({502}).ahead == 4);

  NameWalk in_the_middle;
  in_the_middle.on_listed({});
  in_the_middle.on_question({100});
  CHECK(in_the_middle.on_question({101}).ahead == 0);

  NameWalk long_since;
  long_since.on_listed({});
  long_since.on_question({100});
  long_since.on_question({0});
  CHECK(long_since.on_question({1}).ahead == 0);
}

TEST_CASE("what was done with the names of one directory is expected with those of the next") {
  NameWalk asks;
  asks.on_listed({});
  CHECK_FALSE(asks.habit().asks);
  asks.on_question({0});
  CHECK_FALSE(asks.habit().asks);  // it may have been that one
  asks.on_question({1});
  CHECK(asks.habit().asks);
  CHECK_FALSE(asks.habit().reads);

  NameWalk next;
  next.on_listed(asks.habit());
  CHECK_FALSE(next.habit().asks);
  const auto advice = next.on_question({0});
  CHECK(advice.ahead == 64);
  CHECK_FALSE(advice.is_first);
  CHECK_FALSE(advice.expects_reads);
  CHECK(next.habit().asks);  // also where there is one name only

  NameWalk in_the_middle;
  in_the_middle.on_listed(asks.habit());
  CHECK(in_the_middle.on_question({100}).ahead == 0);
  CHECK_FALSE(in_the_middle.habit().asks);

  NameWalk reads;
  reads.on_listed(asks.habit());
  reads.on_question({0});
  reads.on_open({0});
  reads.on_question({1});
  reads.on_open({1});
  CHECK(reads.habit().reads);
  NameWalk after;
  after.on_listed(reads.habit());
  CHECK(after.on_question({0}).expects_reads);
  CHECK(after.on_question({0}).ahead == 16);
  CHECK(after.habit().reads);  // of a directory, which is not opened as a file is
}

TEST_CASE("files that a listing shows to be files are expected once one was asked about") {
  NameWalk walk;
  walk.on_listed({});
  CHECK_FALSE(walk.on_question({0}).all);
  CHECK_FALSE(walk.on_question({3}).all);
  CHECK_FALSE(walk.habit().all);
  CHECK(walk.on_question({4, true}).all);
  CHECK(walk.on_question({5}).all);
  CHECK(walk.habit().all);
  NameWalk next;
  next.on_listed(walk.habit());
  CHECK(next.on_question({0}).all);
  CHECK_FALSE(next.on_question({500}).all);
}

TEST_CASE("no name is in two advices of one walk") {
  NameWalk walk;
  walk.on_listed({});
  walk.on_question({0});
  auto advice = walk.on_question({1});
  CHECK(advice.from == 2);
  CHECK(advice.until == 10);
  advice = walk.on_question({2});
  CHECK(advice.from == 10);
  CHECK(advice.until == 19);
  CHECK(walk.on_question({2}).from == 19);
  // So far there are twenty names: what comes later is wanted then.
  advice = walk.on_question({3, false, 20});
  CHECK(advice.from == 19);
  CHECK(advice.reaches_end);
  advice = walk.on_question({4, false, 100});
  CHECK(advice.from == 20);
  CHECK_FALSE(advice.reaches_end);
  // The files among them had been left out.
  CHECK(walk.on_question({5, true}).from == 6);
  walk.on_open({5});
  CHECK(walk.on_question({6}).ahead == 0);
  walk.on_open({6});
  advice = walk.on_question({7});  // whole ones now
  CHECK(advice.from == 8);
  CHECK(advice.until == 24);
  CHECK(walk.on_question({500}).ahead == 0);
  advice = walk.on_question({501, false, UINT32_MAX, 64});
  CHECK(advice.from == 502);
  CHECK(advice.until == 566);
}

TEST_CASE("names here and there are no walk") {
  for (const std::uint32_t step : {17U, 1'000U}) {
    NameWalk walk;
    for (std::uint32_t place = 0; place < 20 * step; place += step) {
      CHECK(walk.on_question({place}).ahead == 0);
    }
  }
  NameWalk backwards;
  for (std::uint32_t place = 20; place > 0; --place)
    CHECK(backwards.on_question({place}).ahead == 0);
  NameWalk interrupted;
  for (const std::uint32_t place : {1U, 2U, 3U}) interrupted.on_question({place});
  CHECK(interrupted.on_question({900}).ahead == 0);
  CHECK(interrupted.on_question({901}).ahead == 0);
  CHECK(interrupted.on_question({902}).ahead == 4);
}

TEST_CASE("files that are opened one after the other are expected whole") {
  NameWalk walk;
  NameWalk::Advice advice;
  for (std::uint32_t place = 1; place < 6; ++place) {
    advice = walk.on_question({place});
    CHECK(advice.is_first == (place == 1));
    CHECK(advice.expects_reads == (place > 1));
    walk.on_open({place});
  }
  CHECK(advice.ahead == 16);
  advice = walk.on_open({6});  // without a question before
  CHECK(advice.ahead == 16);
  CHECK(walk.on_open({6}).ahead == 0);  // once more
  walk.on_open({77});                   // another one
  advice = walk.on_question({7});
  CHECK(advice.expects_reads);
  advice = walk.on_question({8});  // the last one was only asked about
  CHECK_FALSE(advice.expects_reads);
  CHECK(advice.ahead == 5);
}
