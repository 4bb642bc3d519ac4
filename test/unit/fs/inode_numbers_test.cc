// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/inode_numbers.h"

#include <set>

#include "fs/tree/inode_table.h"
#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

/// What one name is, known and forgotten again.
InodeId glance(InodeTable& table, const InodePtr& parent, const char* name) {
  const InodeId number = table.reference(parent, name, false, 1)->id;
  table.forget(number, 1);
  return number;
}

}  // namespace

TEST_CASE("the number of a key is the same in every mount of its bucket") {
  // Programs keep it: it must never be another.
  CHECK(static_cast<std::uint64_t>(code_in(code_of_root(""), "a")) == 0x82a2a958a9bece5bULL);
  CHECK(code_of_root("d/e/") == code_in(code_in(code_of_root(""), "d"), "e"));
  CHECK(code_in(code_of_root("d/"), "f") != code_in(code_of_root(""), "f"));
  InodeTable whole;
  InodeTable part({.root = code_of_root("d/"), .first_spare = 7'000});
  const auto directory = whole.reference(whole.root(), "d", true, 1);
  const InodeId number = glance(whole, directory, "f");
  CHECK(glance(part, part.root(), "f") == number);
  CHECK(part.number_in(part.root(), "f") == number);
  CHECK(number >= 1ULL << 52U);
  CHECK(number < 1ULL << 53U);
}

TEST_CASE("numbers of keys are spread evenly") {
  InodeTable table;
  std::set<InodeId> numbers;
  std::set<InodeId> high;
  for (int i = 0; i < 50'000; ++i) {
    const InodeId number = table.number_in(table.root(), std::to_string(i).c_str());
    numbers.insert(number);
    high.insert(number >> 44U);
  }
  CHECK(numbers.size() == 50'000);
  CHECK(high.size() == 256);
}

TEST_CASE("a name has its number again after the kernel forgot it") {
  InodeTable table;
  const InodeId number = glance(table, table.root(), "a");
  CHECK(table.number_in(table.root(), "a") == number);
  CHECK(glance(table, table.root(), "b") != number);
  const auto again = table.reference(table.root(), "a", false, 1);
  CHECK(again->id == number);
  CHECK(again->generation == 0);
}

TEST_CASE("no two living files have one number, be the keys' what they may") {
  InodeTable table({.first_spare = 100, .key_bits = 4});
  std::set<InodeId> numbers;
  std::vector<InodePtr> files;
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    const InodeId told = table.number_in(table.root(), name);
    files.push_back(table.reference(table.root(), name, false, 1));
    CHECK((told == 0 || told == files.back()->id));
    CHECK(numbers.insert(files.back()->id).second);
    CHECK(table.find(files.back()->id) == files.back());
  }
  // Known or forgotten, each is what it was.
  for (std::size_t i = 0; i < files.size(); i += 2) table.forget(files[i]->id, 1);
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK(table.number_in(table.root(), std::to_string(i)) == files[i]->id);
  }
  for (std::size_t i = 0; i < files.size(); i += 2) {
    CHECK(table.reference(table.root(), std::to_string(i), false, 1)->id == files[i]->id);
  }
}

TEST_CASE("a renamed file keeps its number, and a new one of its old name gets another") {
  InodeTable table;
  const auto log = table.reference(table.root(), "log", false, 1);
  const InodeId number = log->id;
  table.move(log, table.root(), "log.1");
  CHECK(table.number_in(table.root(), "log.1") == number);
  table.forget(number, 1);
  CHECK(table.number_in(table.root(), "log.1") == number);
  const auto fresh = table.reference(table.root(), "log", false, 1);
  CHECK(fresh->id != number);
  const InodeId spare = fresh->id;
  table.forget(spare, 1);
  CHECK(table.number_in(table.root(), "log") == spare);
  CHECK(glance(table, table.root(), "log.1") == number);
  CHECK(glance(table, table.root(), "log") == spare);

  // Written beside and moved over it, again and again: each version has a number of its own.
  std::set<InodeId> seen;
  InodePtr shown = table.reference(table.root(), "shown", false, 1);
  for (int i = 0; i < 10; ++i) {
    const auto written = table.reference(table.root(), "shown.new", false, 1);
    CHECK(written->id != shown->id);
    table.move(written, table.root(), "shown");
    table.forget(shown->id, 1);
    shown = written;
    CHECK(table.number_in(table.root(), "shown") == written->id);
  }
}

TEST_CASE("what is below a renamed directory keeps its number while it is known or remembered") {
  InodeTable table;
  const auto from = table.reference(table.root(), "from", true, 1);
  const auto file = table.reference(from, "f", false, 1);
  const InodeId number = file->id;
  table.move(from, table.root(), "to");
  table.forget(number, 1);
  CHECK(table.number_in(from, "f") == number);
  CHECK(table.number_above(file) == kRootInode);
  const auto again = table.reference(from, "f", false, 1);
  CHECK(again->id == number);
  CHECK(table.number_above(again) == from->id);
  const auto other = table.reference(table.root(), "from", true, 1);
  CHECK(other->id != from->id);
  CHECK(table.reference(other, "f", false, 1)->id != number);
}

TEST_CASE("a removed file that is still open shares its number with no new one") {
  InodeTable table;
  const auto old = table.reference(table.root(), "a", false, 1);
  table.pin(old);
  table.detach(old);
  table.forget(old->id, 1);
  const auto fresh = table.reference(table.root(), "a", false, 1);
  CHECK(fresh->id != old->id);
  table.unpin(old);
  CHECK(table.number_in(table.root(), "a") == fresh->id);
}

TEST_CASE("a number that returns for another file has another generation") {
  InodeTable table;
  for (std::uint64_t life = 0; life < 3; ++life) {
    const auto file = table.reference(table.root(), "a", false, 1);
    CHECK(file->generation == life);
    table.forget(file->id, 1);
    const auto same = table.reference(table.root(), "a", false, 1);
    CHECK(same->id == file->id);
    CHECK(same->generation == life);
    table.detach(same);
    table.forget(same->id, 1);
  }
}

TEST_CASE("what is remembered of numbers is bounded, and two never become one") {
  InodeTable table({.first_spare = 100, .remembered = 8, .key_bits = 6});
  std::set<InodeId> numbers;
  for (int i = 0; i < 1'000; ++i) {
    const auto file = table.reference(table.root(), "new", false, 1);
    table.move(file, table.root(), "n" + std::to_string(i));
    if (i % 3 != 0) {
      table.forget(file->id, 1);
    } else {
      CHECK(numbers.insert(file->id).second);
    }
  }
}

TEST_CASE("spare numbers of two mounts are different, and none is that of a key") {
  using std::chrono::seconds;
  const InodeId first = InodeNumbers::first_spare_at(WallTime(seconds(1'700'000'000)));
  const InodeId second = InodeNumbers::first_spare_at(WallTime(seconds(1'700'000'001)));
  CHECK(second - first == 1U << 20U);
  CHECK(first > kRootInode);
  CHECK(InodeNumbers::first_spare_at(WallTime(seconds(0x7fffffff))) < 1ULL << 52U);
  CHECK(InodeNumbers::first_spare_at(WallTime(seconds(-1))) < 1ULL << 52U);
}

TEST_CASE("a number tells which place it belongs to, also when it is not the place's own") {
  InodeTable table({.first_spare = 100});
  const PlaceCode root = code_of_root("");
  const auto file = table.reference(table.root(), "a", false, 1);
  const InodeId number = file->id;
  REQUIRE(table.search(number));
  CHECK(table.search(number)->matches(code_in(root, "a")));
  CHECK_FALSE(table.search(number)->matches(code_in(root, "b")));
  table.move(file, table.root(), "b");
  const auto other = table.reference(table.root(), "a", false, 1);
  const InodeId spare = other->id;
  CHECK_FALSE(table.search(spare));
  table.forget(number, 1);
  table.forget(spare, 1);
  CHECK(table.search(number)->matches(code_in(root, "b")));
  CHECK_FALSE(table.search(number)->matches(code_in(root, "a")));
  CHECK(table.search(spare)->matches(code_in(root, "a")));
  CHECK_FALSE(table.search(99));
}
