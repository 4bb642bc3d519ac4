// SPDX-License-Identifier: Apache-2.0
// One open directory, read more than once.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using Names = std::set<std::string>;

struct World : test::FsWorld {
  using FsWorld::FsWorld;

  Names read(HandleId handle) {
    Names names;
    REQUIRE(files->readdir(handle, 0, false, [&](const DirEntry& entry) {
      names.emplace(entry.name);
      return true;
    }));
    names.erase(".");
    names.erase("..");
    return names;
  }
};

TEST_CASE("a directory read again from its start shows what has come and gone since") {
  World w;
  w.store.put_raw("a", "x");
  const auto opened = w.files->opendir(kRootInode);
  REQUIRE(opened);
  CHECK(w.read(*opened) == Names{"a"});
  const HandleId own = w.create("own").handle;
  CHECK(w.read(*opened) == Names{"a", "own"});
  REQUIRE(w.close(own));
  w.store.reset_count();
  CHECK(w.read(*opened) == Names{"a", "own"});
  CHECK(w.store.count().text() == "none");
  REQUIRE(w.files->unlink(kRootInode, "own"));
  CHECK(w.read(*opened) == Names{"a"});
  w.store.put_raw("foreign", "x");
  w.clock.advance(10s);
  CHECK(w.read(*opened) == Names{"a", "foreign"});
  w.files->releasedir(*opened);
}

TEST_CASE("a directory that was renamed while it was open is read again under its new name") {
  World w;
  w.store.put_raw("d/a", "x");
  const auto directory = w.files->lookup(kRootInode, "d");
  REQUIRE(directory);
  const auto opened = w.files->opendir(directory->ino);
  REQUIRE(opened);
  CHECK(w.read(*opened) == Names{"a"});
  REQUIRE(w.rename("d", "e"));
  CHECK(w.read(*opened) == Names{"a"});
  REQUIRE(w.files->unlink(directory->ino, "a"));
  CHECK(w.read(*opened).empty());
  REQUIRE(w.files->rmdir(kRootInode, "e"));
  CHECK(w.read(*opened).empty());
  w.files->releasedir(*opened);
}

TEST_CASE(
    "a directory that another client removed, or made a file of, is not believed once listed") {
  World w;
  const bool marker = GENERATE(true, false);
  const bool replaced = GENERATE(true, false);
  w.store.put_raw(marker ? "d/" : "d/x", marker ? "" : "x");
  const auto directory = w.files->lookup(kRootInode, "d");
  REQUIRE(directory);
  REQUIRE(S_ISDIR(directory->mode));
  w.store.remove_raw(marker ? "d/" : "d/x");
  if (replaced) w.store.put_raw("d", "bytes");
  w.clock.advance(10s);
  const auto opened = w.files->opendir(directory->ino);
  REQUIRE(opened);
  CHECK(w.read(*opened).empty());
  w.files->releasedir(*opened);
  w.clock.advance(2s);
  const auto now = w.files->lookup(kRootInode, "d");
  REQUIRE(now.has_value() == replaced);
  if (now) CHECK(S_ISREG(now->mode));
}

TEST_CASE("a file shows as one to who reads a directory while it is renamed") {
  World w;
  for (const char* key : {"d/a", "d/b"}) w.store.put_raw(key, "x");
  const auto directory = w.files->lookup(kRootInode, "d");
  REQUIRE(directory);
  const auto opened = w.files->opendir(directory->ino);
  REQUIRE(opened);
  CHECK(w.read(*opened) == Names{"a", "b"});
  const auto file = w.files->lookup(directory->ino, "b");
  REQUIRE(file);
  std::uint64_t after_a = 0;
  REQUIRE(w.files->readdir(*opened, 0, true, [&](const DirEntry& entry) {
    after_a = entry.next;
    return entry.name != "a";
  }));
  REQUIRE(w.rename("d", "e"));
  Names left;
  REQUIRE(w.files->readdir(*opened, after_a, true, [&](const DirEntry& entry) {
    left.emplace(entry.name);
    CHECK_FALSE(S_ISDIR(entry.type));
    if (entry.attr) CHECK(S_ISREG(entry.attr->mode));
    return true;
  }));
  CHECK(left == Names{"b"});
  const auto again = w.files->lookup(directory->ino, "b");
  REQUIRE(again);
  CHECK(again->ino == file->ino);
  CHECK(S_ISREG(again->mode));
  w.files->releasedir(*opened);
}

/// Reads from `offset` on, as a kernel with a small buffer does; what follows each offset is kept.
struct Positions : World {
  using World::World;

  std::string name_at(HandleId handle, std::uint64_t offset, std::uint64_t* next = nullptr) {
    std::string name;
    REQUIRE(files->readdir(handle, offset, false, [&](const DirEntry& entry) {
      if (!name.empty()) return false;
      name = entry.name;
      if (next != nullptr) *next = entry.next;
      return true;
    }));
    return name;
  }
  /// From its start: the names by the offset at which each of them is found.
  std::map<std::uint64_t, std::string> read_all(HandleId handle) {
    std::map<std::uint64_t, std::string> names;
    std::uint64_t at = 0;
    bool more = true;
    while (more) {
      more = false;
      std::uint64_t offset = at;
      REQUIRE(files->readdir(handle, at, false, [&](const DirEntry& entry) {
        names.emplace(offset, entry.name);
        offset = at = entry.next;
        more = true;
        return names.size() % 7 != 0;  // the last of a buffer was told, too
      }));
    }
    return names;
  }
  /// Every position still leads to its name, in an order that no listing has.
  bool keep_their_names(HandleId handle, const std::map<std::uint64_t, std::string>& names) {
    std::vector<std::uint64_t> offsets;
    for (const auto& [offset, name] : names) offsets.push_back(offset);
    std::shuffle(offsets.begin(), offsets.end(), std::minstd_rand(7));
    for (const std::uint64_t offset : offsets) {
      if (name_at(handle, offset) != names.at(offset)) return false;
    }
    return true;
  }
  HandleId opendir(InodeId ino = kRootInode) {
    const auto opened = files->opendir(ino);
    return opened ? *opened : 0;
  }
  HandleId create(const std::string& name, bool stored, InodeId parent = kRootInode) {
    const HandleId handle = FsWorld::create(name, O_WRONLY, parent).handle;
    if (stored) REQUIRE(files->flush(handle));
    return handle;
  }
};

TEST_CASE("a position in a directory keeps its name after it was read from its start again") {
  Positions w;
  for (const char* name : {"3", "1", "2"}) w.files->release(w.create(name, true));
  const auto wait = GENERATE(0s, 7s);
  w.clock.advance(wait);
  const HandleId handle = w.opendir();
  const auto names = w.read_all(handle);
  CHECK(names.size() == 5);
  w.name_at(handle, 0);  // seeks to the start, reads one
  CHECK(w.keep_their_names(handle, names));
  w.clock.advance(7s);
  w.name_at(handle, 0);
  CHECK(w.keep_their_names(handle, names));
}

TEST_CASE("positions of a large directory outlive listings, changes and what is forgotten of it") {
  Config config;
  config.max_cached_attributes = GENERATE(std::size_t{100'000}, std::size_t{1'600});
  CAPTURE(config.max_cached_attributes);
  Positions w(config);
  for (int i = 0; i < 1'500; ++i) w.store.put_raw("d/" + std::to_string(i * 7'919 % 1'500), "x");
  for (int i = 0; i < 2'000; ++i) w.store.put_raw("e/" + std::to_string(i), "x");
  const auto d = w.files->lookup(kRootInode, "d");
  REQUIRE(d);
  const HandleId handle = w.opendir(d->ino);
  auto names = w.read_all(handle);
  REQUIRE(names.size() == 1'502);

  // Names come and go, here and elsewhere, and others of the directory take what they have left.
  for (int round = 0; round < 4; ++round) {
    const int first = round * 100;
    for (int i = first; i < first + 20; ++i) {
      REQUIRE(w.files->unlink(d->ino, std::to_string(i)));
      w.store.remove_raw("d/" + std::to_string(i + 50));
      w.files->release(w.create("own" + std::to_string(i), true, d->ino));
      w.store.put_raw("d/-foreign" + std::to_string(i), "x");
    }
    std::erase_if(names, [&](const auto& entry) {
      const int number = std::isdigit(entry.second[0]) != 0 ? std::stoi(entry.second) : -1;
      return (number >= first && number < first + 20) ||
             (number >= first + 50 && number < first + 70);
    });
    w.clock.advance(7s);
    const HandleId elsewhere = w.opendir(w.files->lookup(kRootInode, "e")->ino);
    CHECK(w.read_all(elsewhere).size() == 2'002);
    w.files->releasedir(elsewhere);
    if (round == 2) REQUIRE(w.rename("d", "f"));
    if (round == 2) w.clock.advance(7s);
    w.name_at(handle, 0);
    CHECK(w.keep_their_names(handle, names));
    const auto now = w.read_all(handle);
    CHECK(now.size() == 1'502);
    Names shown;
    for (const auto& [offset, name] : now) shown.insert(name);
    CHECK(shown.size() == now.size());
    for (const auto& [offset, name] : names) CHECK(shown.contains(name));
    names = now;
    if (round == 2) REQUIRE(w.rename("f", "d"));
  }
}

TEST_CASE("a name keeps its position when it is stored and when others are") {
  Positions w;
  w.store.put_raw("b", "x");
  const HandleId a = w.create("a", false);
  const HandleId c = w.create("c", false);
  const HandleId handle = w.opendir();
  const auto names = w.read_all(handle);
  CHECK(names.size() == 5);
  REQUIRE(w.files->flush(c));
  w.files->release(c);
  const HandleId d = w.create("d", false);
  w.clock.advance(7s);
  w.name_at(handle, 0);
  CHECK(w.keep_their_names(handle, names));
  const auto more = w.read_all(handle);
  CHECK(more.size() == 6);
  REQUIRE(w.files->flush(a));
  REQUIRE(w.files->flush(d));
  w.clock.advance(7s);
  CHECK(w.read_all(handle) == more);
  REQUIRE(w.files->unlink(kRootInode, "a"));
  w.name_at(handle, 0);
  std::uint64_t first_local = 0;
  for (const auto& [offset, name] : more) {
    if (name == "a") first_local = offset;
  }
  CHECK(w.name_at(handle, first_local) == "c");
  w.files->release(a);
  w.files->release(d);
}

TEST_CASE("two readers of one directory each keep their positions") {
  Positions w;
  for (int i = 0; i < 1'200; ++i) w.store.put_raw(std::to_string(i), "x");
  const HandleId one = w.opendir();
  const auto names = w.read_all(one);
  for (int i = 0; i < 300; ++i) w.store.remove_raw(std::to_string(i));
  w.clock.advance(7s);
  const HandleId two = w.opendir();
  const auto fewer = w.read_all(two);
  CHECK(fewer.size() == 902);
  for (int i = 0; i < 300; ++i) w.store.put_raw("new" + std::to_string(i), "x");
  w.clock.advance(7s);
  w.name_at(two, 0);
  CHECK(w.keep_their_names(two, fewer));
  w.name_at(one, 0);
  auto left = names;
  std::erase_if(left, [](const auto& entry) {
    return std::isdigit(entry.second[0]) != 0 && std::stoi(entry.second) < 300;
  });
  CHECK(w.keep_their_names(one, left));
  CHECK(w.read_all(one).size() == 1'202);
  CHECK(w.read_all(two).size() == 1'202);
}

TEST_CASE("a name made after the first page of a listing came is shown to its next reader") {
  test::StoreLimits limits;
  limits.page = 3;
  World w({}, limits);
  w.store.put_raw("x", "x");
  CHECK(w.list().size() == 1);
  w.clock.advance(7s);
  for (const char* name : {"b", "c", "d", "e"}) w.store.put_raw(name, "x");
  // The directory was listed in one page before, so that this lists it once more.
  CHECK(w.look_error("a") == ENOENT);
  REQUIRE(w.files->mkdir(kRootInode, "a", 0755, {}));
  w.make("dd", "ours");
  const auto names = w.list();
  CHECK(names.size() == 7);
  CHECK(Names(names.begin(), names.end()) == Names{"a", "b", "c", "d", "dd", "e", "x"});
}

}  // namespace
}  // namespace pailfs::fs
