// SPDX-License-Identifier: Apache-2.0
#include "fs/predict/tree_walk.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

constexpr NameWalk::Habit kAsks{.asks = true};
constexpr NameWalk::Habit kReads{.asks = true, .reads = true};
constexpr std::size_t kDirectories = 40;
constexpr std::size_t kManyFiles = 1'000;

std::string name(std::size_t number) {
  return "d" + std::to_string(number);
}

/// A program that goes through top/d0 to top/d39.
struct Program {
  explicit Program(std::size_t small_files = kManyFiles) : walk(small_files) {}
  std::size_t read(std::size_t number, NameWalk::Habit habit = {},
                   const std::string& top = "top/") {
    std::vector<std::string> following;
    for (std::size_t next = number + 1; next < kDirectories && following.size() < TreeWalk::kMost;
         ++next) {
      following.push_back(name(next));
    }
    return walk.on_listed(top + name(number), following, habit, now);
  }
  TreeWalk walk;
  MonoTime now{1h};
};

TEST_CASE("the more directories a program has read in order, the more are listed ahead") {
  Program program;
  const std::vector<std::size_t> expected = {0, 4, 8, 12, 16, 16, 16};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(program.read(i) == expected[i]);
  program.read(20);  // elsewhere
  CHECK(program.read(21) == 4);
  for (std::size_t i = 22; i < 30; ++i) program.read(i);
  CHECK(program.read(30) == 9);  // there are no more
  for (std::size_t i = 31; i < 39; ++i) program.read(i);
  CHECK(program.read(39) == 0);
  CHECK(program.read(0) == 0);
}

TEST_CASE("directories that are read out of order, again or after a pause are no walk") {
  struct Row {
    const char* what;
    std::vector<std::size_t> read;
    std::chrono::milliseconds pause;
    std::size_t last;  // listed ahead of the last one
  };
  const std::vector<Row> rows = {
      {"in order", {0, 1, 2}, 0ms, 8},
      {"with a short pause between them", {0, 1, 2}, 2'000ms, 8},
      {"with a long pause between them", {0, 1, 2}, 2'001ms, 0},
      {"every second one", {0, 2, 4, 6}, 0ms, 0},
      {"backwards", {9, 8, 7, 6}, 0ms, 0},
      {"the same one", {3, 3, 3}, 0ms, 0},
      {"the same one again after a run", {3, 4, 5, 5}, 0ms, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Program program;
    std::size_t last = 0;
    for (const std::size_t number : row.read) {
      last = program.read(number);
      program.now += row.pause;
    }
    CHECK(last == row.last);
  }
}

TEST_CASE("files are fetched ahead of a program only as far as it soon comes") {
  struct Row {
    const char* what;
    std::chrono::milliseconds each;  // for a directory
    std::size_t small_files;
    NameWalk::Habit habit;
    std::size_t ahead;
  };
  const std::vector<Row> rows = {
      {"it only asks", 400ms, kManyFiles, kAsks, 16},
      {"it reads at once", 0ms, kManyFiles, kReads, 8},
      {"ten directories a second", 100ms, kManyFiles, kReads, 6},
      {"two and a half a second", 400ms, kManyFiles, kReads, 2},
      {"one in a second", 1'000ms, kManyFiles, kReads, 1},
      {"little memory", 0ms, 50, kReads, 3},
      {"less than one directory has room for", 0ms, 15, kReads, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Program program(row.small_files);
    std::size_t ahead = 0;
    for (std::size_t number = 0; number < 10; ++number) {
      ahead = program.read(number, row.habit);
      program.now += row.each;
    }
    CHECK(ahead == row.ahead);
  }
}

TEST_CASE("walks through several directories of directories are told apart") {
  Program program;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(program.read(i, {}, "left/") == 4 * i);
    CHECK(program.read(i, {}, "right/") == 4 * i);
    CHECK(program.read(i, {}, "") == 4 * i);  // directories of the root
  }
  CHECK(program.walk.on_listed("", {}, {}, program.now) == 0);
}

}  // namespace
}  // namespace pailfs::fs
