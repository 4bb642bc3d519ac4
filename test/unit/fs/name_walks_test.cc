// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/name_walks.h"

#include <string>

#include "support/catch.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

const MonoTime kStart{1h};

/// A program asks about the first `count` names of the directory.
void ask(NameWalks& walks, const std::string& directory, std::uint32_t count, MonoTime now) {
  for (std::uint32_t place = 0; place < count; ++place) {
    walks.on_question(directory, {.place = place}, now);
  }
}

TEST_CASE("walks through several directories are told apart") {
  NameWalks walks;
  CHECK_FALSE(walks.knows("a"));
  ask(walks, "a", 3, kStart);
  ask(walks, "b", 1, kStart);
  CHECK(walks.knows("a"));
  CHECK(walks.is_under_way("a", kStart));
  CHECK(walks.knows("b"));
  CHECK_FALSE(walks.is_under_way("b", kStart));
  CHECK_FALSE(walks.is_under_way("c", kStart));
  CHECK_FALSE(walks.knows("c"));
}

TEST_CASE("a program that has paused begins another walk") {
  struct Row {
    std::chrono::milliseconds pause;
    bool goes_on;
  };
  for (const Row row : {Row{0ms, true}, Row{2'000ms, true}, Row{2'001ms, false}}) {
    CAPTURE(row.pause.count());
    NameWalks walks;
    ask(walks, "a", 3, kStart);
    const MonoTime now = kStart + row.pause;
    CHECK(walks.is_under_way("a", now) == row.goes_on);
    CHECK(walks.knows("a"));
    CHECK((walks.on_question("a", {.place = 3}, now).ahead > 0) == row.goes_on);
    CHECK(walks.is_under_way("a", now) == row.goes_on);
  }
}

TEST_CASE("what a program did with one directory is told when it lists the next one soon") {
  struct Row {
    std::uint32_t asked;
    std::chrono::milliseconds pause;
    bool asks;
  };
  for (const Row row :
       {Row{5, 0ms, true}, Row{5, 2'000ms, true}, Row{5, 3'000ms, false}, Row{1, 0ms, false}}) {
    CAPTURE(row.asked, row.pause.count());
    NameWalks walks;
    CHECK_FALSE(walks.on_listed("a", kStart).asks);
    ask(walks, "a", row.asked, kStart);
    CHECK(walks.on_listed("b", kStart + row.pause).asks == row.asks);
    // The first name of the next directory is enough.
    const auto advice = walks.on_question("b", {.place = 0}, kStart + row.pause);
    CHECK((advice.ahead > 1) == row.asks);
  }
}

TEST_CASE("a program that opens what it asked about expects whole files") {
  NameWalks walks;
  walks.on_listed("a", kStart);
  for (std::uint32_t place = 0; place < 2; ++place) {
    walks.on_question("a", {.place = place}, kStart);
    walks.on_open("a", {.place = place}, kStart);
  }
  CHECK(walks.on_listed("b", kStart).reads);
}

TEST_CASE("attributes of a listing are wanted once its program is known to go by them") {
  NameWalks walks;
  CHECK_FALSE(walks.wants_attributes("a", 100, kStart));
  ask(walks, "a", 3, kStart);
  CHECK_FALSE(walks.wants_attributes("a", 16, kStart));  // the kernel asked for those
  CHECK(walks.wants_attributes("a", 17, kStart));
  CHECK_FALSE(walks.wants_attributes("a", 17, kStart + 3s));
  CHECK(walks.on_listed_with_attributes("a", {.place = 200}, kStart).ahead == 64);
}

TEST_CASE("of many walks the one that rested longest is forgotten") {
  NameWalks walks;
  for (int i = 0; i < 64; ++i) ask(walks, std::to_string(i), 1, kStart + i * 1ms);
  ask(walks, "0", 1, kStart + 64ms);
  ask(walks, "64", 1, kStart + 65ms);
  CHECK(walks.knows("0"));
  CHECK_FALSE(walks.knows("1"));
  CHECK(walks.knows("2"));
  CHECK(walks.knows("64"));
}

}  // namespace
}  // namespace pailfs::fs
