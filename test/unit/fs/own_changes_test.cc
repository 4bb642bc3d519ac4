// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/own_changes.h"

#include <chrono>
#include <string>

#include "support/catch.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kNever = MonoTime::min();

MonoTime at(int second) {
  return MonoTime(std::chrono::seconds(second));
}

TEST_CASE("the last change of a path is its own or that of a directory above") {
  OwnChanges changes;
  CHECK(changes.last("d/f") == kNever);
  changes.note("d/f", at(1));
  CHECK(changes.last("d/f") == at(1));
  for (const char* other : {"", "d", "d/f/g", "d/g", "f"}) {
    CAPTURE(other);
    CHECK(changes.last(other) == kNever);
  }
  changes.note_below("d", at(2));
  for (const char* below : {"d", "d/f", "d/g/h"}) {
    CAPTURE(below);
    CHECK(changes.last(below) == at(2));
  }
  CHECK(changes.last("") == kNever);
  CHECK(changes.last("dd/f") == kNever);
  changes.note("d", at(3));  // its attributes, for one
  CHECK(changes.last("d") == at(3));
  CHECK(changes.last("d/f") == at(2));
  changes.note_below("", at(4));
  CHECK(changes.last("x") == at(4));
}

TEST_CASE("so many changes are remembered, and before them each path counts as changed") {
  OwnChanges changes(3);
  changes.note("a", at(1));
  changes.note("b", at(2));
  changes.note("a", at(3));
  CHECK(changes.last("c") == kNever);
  changes.note("d", at(4));  // the first of "a" goes
  CHECK(changes.last("c") == at(1));
  CHECK(changes.last("a") == at(3));
  changes.note("e", at(5));
  CHECK(changes.last("b") == at(2));
  CHECK(changes.last("a") == at(3));
  changes.note("f", at(6));
  CHECK(changes.last("a") == at(3));
  CHECK(changes.last("c") == at(3));
  CHECK(changes.last("f") == at(6));
}

}  // namespace
}  // namespace pailfs::fs
