// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/inode_table.h"

#include "support/catch.h"

using namespace pailfs::fs;

TEST_CASE("an inode lives as long as the kernel knows it") {
  InodeTable table;
  const auto file = table.reference(table.root(), "a", false, 2);
  CHECK(table.reference(table.root(), "a", false, 1) == file);
  table.forget(file->id, 2);
  CHECK(table.find(file->id) == file);
  table.forget(file->id, 1);
  CHECK_FALSE(table.find(file->id));
  CHECK_FALSE(table.child(table.root(), "a"));
}

TEST_CASE("a number that was given to the kernel is never used again for another file") {
  InodeTable table;
  const auto first = table.reference(table.root(), "a", false, 1);
  table.forget(first->id, 1);
  const auto same = table.reference(table.root(), "a", false, 1);
  CHECK(same != first);
  CHECK(same->id == first->id);
  CHECK(same->generation == first->generation);
  table.detach(same);
  table.forget(same->id, 1);
  const auto other = table.reference(table.root(), "a", false, 1);
  CHECK(std::pair(other->id, other->generation) != std::pair(first->id, first->generation));
}

TEST_CASE("a directory stays while something stands below it") {
  InodeTable table;
  const auto dir = table.reference(table.root(), "d", true, 1);
  const auto file = table.reference(dir, "f", false, 1);
  table.forget(dir->id, 1);
  CHECK(table.find(dir->id) == dir);
  CHECK(table.path(file) == "d/f");
  table.forget(file->id, 1);
  CHECK_FALSE(table.find(file->id));
  CHECK_FALSE(table.find(dir->id));
}

TEST_CASE("an open file outlives its name and the kernel's interest") {
  InodeTable table;
  const auto file = table.reference(table.root(), "a", false, 1);
  table.pin(file);
  table.detach(file);
  CHECK_FALSE(table.child(table.root(), "a"));
  CHECK_FALSE(table.path(file));
  table.forget(file->id, 1);
  CHECK(table.find(file->id) == file);
  table.unpin(file);
  CHECK_FALSE(table.find(file->id));
}

TEST_CASE("a name that changed its kind gets a new inode") {
  InodeTable table;
  const auto file = table.reference(table.root(), "a", false, 1);
  const auto dir = table.reference(table.root(), "a", true, 1);
  CHECK(dir != file);
  CHECK(table.is_detached(file));
  CHECK(table.child(table.root(), "a") == dir);
}

TEST_CASE("an answer about another inode of a name detaches none of the other kind") {
  InodeTable table;
  const auto directory = table.reference(table.root(), "a", true, 1);
  const auto file = table.reference(table.root(), "a", false, 1);
  // Asked for while the directory was there, or nothing.
  CHECK_FALSE(table.reference_as_seen(table.root(), "a", true, directory));
  CHECK_FALSE(table.reference_as_seen(table.root(), "a", true, nullptr));
  CHECK(table.path(file) == "a");
  CHECK(table.reference_as_seen(table.root(), "a", false, directory) == file);
  table.forget(file->id, 1);
  CHECK(table.find(file->id) == file);
  CHECK(table.reference_as_seen(table.root(), "a", true, file)->directory);
  CHECK_FALSE(table.path(file));
}

TEST_CASE("moving a directory moves everything below it") {
  InodeTable table;
  const auto from = table.reference(table.root(), "from", true, 1);
  const auto deep = table.reference(from, "deep", true, 1);
  const auto file = table.reference(deep, "f", false, 1);
  const auto other = table.reference(table.root(), "other", true, 1);
  const auto replaced = table.reference(other, "to", true, 1);
  table.move(from, other, "to");
  CHECK(table.path(file) == "other/to/deep/f");
  CHECK(table.is_detached(replaced));
  CHECK(table.pinned_files_below(other).empty());
  table.pin(file);
  table.pin(deep);
  CHECK(table.pinned_files_below(other) == std::vector{file});
  CHECK(table.pinned_files_below(other) == std::vector{file});
  CHECK(table.pinned_in(deep) == std::vector{std::pair{std::string("f"), file}});
  CHECK(table.pinned_in(other).empty());
  CHECK_FALSE(table.child(table.root(), "from"));
}

TEST_CASE("below a detached directory nothing has a path") {
  InodeTable table;
  const auto dir = table.reference(table.root(), "d", true, 1);
  const auto file = table.reference(dir, "f", false, 1);
  table.detach(dir);
  CHECK_FALSE(table.path(file));
  table.forget(file->id, 1);
  table.forget(dir->id, 1);
  CHECK_FALSE(table.find(dir->id));
}

TEST_CASE("what is done to an inode after it was dropped is not done to the next with its number") {
  InodeTable table;
  const auto dropped = table.reference(table.root(), "a", false, 1);
  table.forget(dropped->id, 1);
  const auto now = table.reference(table.root(), "a", false, 1);
  REQUIRE(now->id == dropped->id);
  const auto is_whole = [&] {
    CHECK(table.find(now->id) == now);
    CHECK(table.child(table.root(), "a") == now);
    CHECK(table.pinned_in(table.root()) == std::vector{std::pair{std::string("a"), now}});
  };
  // By a thread that has found it before.
  SECTION("pinned and let go") {
    table.pin(now);
    table.pin(dropped);
    table.unpin(dropped);
    is_whole();
  }
  SECTION("pinned first") {
    table.pin(dropped);
    table.pin(now);
    is_whole();
    table.unpin(dropped);
    is_whole();
  }
  SECTION("detached") {
    table.pin(now);
    table.detach(dropped);
    is_whole();
  }
}
