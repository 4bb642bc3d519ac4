// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/directory_times.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

const WallTime kOne{1s};
const WallTime kTwo{2s};

}  // namespace

TEST_CASE("a directory's last change is kept until exactly that one is stored") {
  DirectoryTimes changes;
  CHECK_FALSE(changes.find("d"));
  changes.note("d", kOne);
  changes.note("d", kTwo);
  changes.note("", kOne);
  CHECK(changes.find("d") == kTwo);
  changes.stored("d", kOne);
  CHECK(changes.find("d") == kTwo);
  changes.stored("d", kTwo);
  CHECK_FALSE(changes.find("d"));
  CHECK(changes.find("") == kOne);
  changes.forget("");
  CHECK_FALSE(changes.find(""));
}

TEST_CASE("changes go with a directory that is renamed, and those of what it replaces go away") {
  DirectoryTimes changes;
  changes.note("a", kOne);
  changes.note("a/b", kTwo);
  changes.note("a-", kOne);
  changes.note("c", kTwo);
  changes.moved("a", "c");
  CHECK_FALSE(changes.find("a"));
  CHECK_FALSE(changes.find("a/b"));
  CHECK(changes.find("c") == kOne);
  CHECK(changes.find("c/b") == kTwo);
  CHECK(changes.find("a-") == kOne);
}

TEST_CASE("changes are bounded, the oldest go first") {
  DirectoryTimes changes;
  for (int i = 0; i < 20'000; ++i) changes.note("d" + std::to_string(i), kOne);
  CHECK_FALSE(changes.find("d0"));
  CHECK(changes.find("d19999") == kOne);
}
