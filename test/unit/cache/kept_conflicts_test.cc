// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/kept_conflicts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "cache/conflict_note.h"
#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using cache::Conflict;
using cache::KeptConflicts;

namespace {

struct TempDir {
  std::string path = "/tmp/pailfs-kept-XXXXXX";
  TempDir() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TempDir() { std::filesystem::remove_all(path); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::size_t files() const {
    const auto all = std::filesystem::directory_iterator(path + "/c");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
};

const WallTime kTime = *parse_iso8601("2026-11-30T08:15:30.250Z");

Conflict conflict() {
  return {
      "d/a b\xff\n", "was changed by another client", kTime, 10, {{2, 4}, {7, 10}}, {{"m", "1"}},
      "/mnt/a b"};
}

/// Byte `n` is the last digit of n.
Status digits(std::uint64_t offset, std::span<char> out) {
  for (char& byte : out) byte = static_cast<char>('0' + offset++ % 10);
  return {};
}

void expect_same(const Conflict& a, const Conflict& b) {
  CHECK(a.key == b.key);
  CHECK(a.why == b.why);
  CHECK(a.time == b.time);
  CHECK(a.size == b.size);
  CHECK(a.ranges == b.ranges);
  CHECK(a.metadata == b.metadata);
  CHECK(a.mount == b.mount);
}

}  // namespace

TEST_CASE("the bytes of a conflict are kept with holes and a note", "[cache]") {
  const TempDir dir;
  const auto conflicts = KeptConflicts::open(dir.path + "/c");
  REQUIRE(conflicts);
  const auto path = conflicts->keep(conflict(), digits);
  REQUIRE(path);
  CHECK(read_file(*path, 100).value() == std::string("\0\0"
                                                     "23"
                                                     "\0\0\0"
                                                     "789",
                                                     10));
  struct stat info {};
  REQUIRE(stat(path->c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  REQUIRE(stat((dir.path + "/c").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);

  Conflict other = conflict();
  other.ranges.clear();
  other.size = 0;
  other.key = "other";
  REQUIRE(conflicts->keep(other, digits));
  // Another mount sees the same.
  const auto list = KeptConflicts::open(dir.path + "/c")->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].name == "20261130T081530Z-1");
  CHECK(list[0].path == *path);
  expect_same(list[0].what, conflict());
  expect_same(list[1].what, other);
  CHECK(conflicts->list(1).size() == 1);

  CHECK(conflicts->forget(list[0].name));
  CHECK(conflicts->forget(list[0].name).error().err == ENOENT);
  CHECK(conflicts->list().size() == 1);
  CHECK(dir.files() == 2);
}

TEST_CASE("a conflict whose bytes cannot be read leaves nothing behind", "[cache]") {
  const TempDir dir;
  const auto conflicts = KeptConflicts::open(dir.path + "/c");
  REQUIRE(conflicts);
  const auto kept = conflicts->keep(conflict(), [](std::uint64_t, std::span<char>) {
    return Error{EIO, "the disk is gone"};
  });
  REQUIRE_FALSE(kept);
  CHECK(kept.error().err == EIO);
  CHECK(dir.files() == 0);
}

TEST_CASE("bytes without a readable note are listed, and names lead nowhere else", "[cache]") {
  const TempDir dir;
  const auto conflicts = KeptConflicts::open(dir.path + "/c");
  REQUIRE(conflicts);
  std::ofstream(dir.path + "/c/1.data") << "bytes";
  std::ofstream(dir.path + "/c/2.data") << "bytes";
  std::ofstream(dir.path + "/c/2.json") << "{\"key\":";
  std::filesystem::create_symlink("/etc/passwd", dir.path + "/c/3.data");
  const auto list = conflicts->list();
  REQUIRE(list.size() == 2);
  for (const auto& kept : list) {
    CHECK(kept.what.key.empty());
    CHECK(kept.what.size == 5);
    CHECK_FALSE(kept.what.why.empty());
  }
  CHECK(conflicts->forget("../c/1").error().err == EINVAL);
  CHECK(conflicts->forget("").error().err == EINVAL);
  CHECK(conflicts->forget("2"));
  CHECK(dir.files() == 2);
}

TEST_CASE("a conflict is listed when all of it is there, and what a kill has left too", "[cache]") {
  const TempDir dir;
  const auto conflicts = KeptConflicts::open(dir.path + "/c");
  REQUIRE(conflicts);
  std::size_t listed = 0;
  const auto killed = [&](std::uint64_t offset, std::span<char> out) {
    listed += KeptConflicts::open(dir.path + "/c")->list().size();
    if (offset >= 7) std::filesystem::copy(dir.path + "/c", dir.path + "/d");
    return digits(offset, out);
  };
  REQUIRE(conflicts->keep(conflict(), killed));
  CHECK(listed == 0);
  CHECK(conflicts->list().size() == 1);
  std::filesystem::permissions(dir.path + "/d", std::filesystem::perms(0700));
  const auto left = KeptConflicts::open(dir.path + "/d");
  REQUIRE(left);
  REQUIRE(left->list().size() == 1);
  CHECK(left->list().front().what.key == conflict().key);
  CHECK(left->list().front().what.why.find("killed") != std::string::npos);
  const auto next = left->keep(conflict(), digits);
  REQUIRE(next);
  CHECK(left->list().size() == 2);
  CHECK(left->forget(left->list().front().name));
  CHECK(left->list().size() == 1);
}

TEST_CASE("a change without bytes is a conflict too", "[cache]") {
  const TempDir dir;
  const auto conflicts = KeptConflicts::open(dir.path + "/c");
  REQUIRE(conflicts);
  Conflict what = conflict();
  what.size = 0;
  what.ranges.clear();
  const auto kept = conflicts->keep(what, nullptr);
  REQUIRE(kept);
  CHECK(kept->empty());
  REQUIRE(conflicts->keep(conflict(), digits));
  const auto list = conflicts->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].path.empty());
  expect_same(list[0].what, what);
  CHECK(conflicts->forget(list[0].name));
  CHECK(conflicts->list().size() == 1);
  CHECK(dir.files() == 2);
}

TEST_CASE("a directory of conflicts that is a link or open to others is refused", "[cache]") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path + "/open");
  std::filesystem::permissions(dir.path + "/open", std::filesystem::perms(0755));
  std::filesystem::create_directory_symlink("/tmp", dir.path + "/link");
  for (const char* name : {"/open", "/link"}) {
    const auto opened = KeptConflicts::open(dir.path + name);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().err == EACCES);
  }
}

TEST_CASE("what is no note of a conflict is refused", "[cache]") {
  const std::string good = cache::format_note(conflict());
  REQUIRE(cache::parse_note(good));
  expect_same(*cache::parse_note(good), conflict());
  for (std::size_t length = 0; length + 2 < good.size(); ++length) {
    CHECK_FALSE(cache::parse_note(good.substr(0, length)));
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {with("[2,4,7,10]", "[2,4,7]"), with("[2,4,7,10]", "[4,2]"), with("[2,4,7,10]", "[2,4,3,5]"),
        with("[2,4,7,10]", "[2,11]"), with("[2,4,7,10]", "[[2,4]]"), with(":10,", ":-1,"),
        with("2026", "x"), with("[2,4,7,10]", "{}"), std::string("[1]"), std::string("1")}) {
    CAPTURE(text);
    CHECK_FALSE(cache::parse_note(text));
  }
  CHECK(cache::parse_note(with("\"why\"", "\"later\":7,\"why\"")));
}
