// SPDX-License-Identifier: Apache-2.0
// How long a name is believed to be absent, and what asking again costs, by the whole file system.
#include <fcntl.h>

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

struct World : test::FsWorld {
  using FsWorld::FsWorld;

  void fill(int objects) {
    for (int i = 0; i < objects; ++i) store.put_raw("d/n" + std::to_string(100'000 + i), "x");
  }
};

std::string absent_name(int i) {
  return "n" + std::to_string(100'000 + (i * 7'919) % 12'000) + "-not";
}

}  // namespace

TEST_CASE("an absent name is believed for a second, whoever said so") {
  const std::vector<std::pair<const char*, std::function<void(World&)>>> sayers = {
      {"a listing", [](World& w) { w.list(); }},
      {"a lookup", [](World& w) { REQUIRE(w.look("f") == 0); }},
      {"our own removal",
       [](World& w) {
         w.make("f", "");
         REQUIRE(w.files->unlink(kRootInode, "f"));
       }},
  };
  for (const auto& [who, say] : sayers) {
    CAPTURE(who);
    World w;
    w.store.put_raw("x", "1");
    w.list();
    w.clock.advance(10s);
    say(w);
    w.store.put_raw("f", "there");
    w.clock.advance(990ms);
    CHECK(w.cost([&] { CHECK(w.look("f") == 0); }) == "none");
    w.clock.advance(10ms);
    CHECK(w.look("f") != 0);
  }
}

TEST_CASE("what others put into a directory that we have just made is found after a second") {
  World w;
  const auto made = w.files->mkdir(kRootInode, "j", 0755, Caller{});
  REQUIRE(made);
  w.store.put_raw("j/r", "there");
  w.clock.advance(990ms);
  CHECK(w.cost([&] { CHECK(w.look("r", made->ino) == 0); }) == "none");
  w.clock.advance(10ms);
  CHECK(w.look("r", made->ino) != 0);
}

TEST_CASE("what others put into a directory that we made a second ago is found at once") {
  World w;
  const auto made = w.files->mkdir(kRootInode, "j", 0755, Caller{});
  REQUIRE(made);
  w.clock.advance(1s);
  w.store.put_raw("j/r", "there");
  CHECK(w.read_file(w.look("r", made->ino)) == "there");
}

TEST_CASE("what this mount stores in a directory that others have removed is found at once") {
  World w;
  w.store.put_raw("d/", "");
  w.store.put_raw("x", "x");
  const InodeId d = w.must_look("d");
  const auto made = w.create("f", O_WRONLY, d);
  w.store.remove_raw("d/");
  w.clock.advance(7s);
  SECTION("missed by a listing") {
    CHECK(w.list() == std::vector<std::string>{"x"});
  }
  SECTION("missed by a lookup") {
    w.clock.advance(1'000s);
    CHECK(w.look("d") == 0);
  }
  REQUIRE(w.files->write(made.handle, 0, std::string("ours")));
  REQUIRE(w.close(made.handle));
  CHECK(w.stored("d/f") == "ours");
  const InodeId again = w.must_look("d");
  CHECK(w.read_file(w.must_look("f", again)) == "ours");
}

TEST_CASE("asking for absent names of a short directory is a list a second") {
  World w;
  const auto made = w.files->mkdir(kRootInode, "d", 0755, Caller{});
  REQUIRE(made);
  CHECK(w.cost([&] {
    for (int i = 0; i < 1'000; ++i) {
      CHECK(w.look("name" + std::to_string(i), made->ino) == 0);
      w.clock.advance(10ms);
    }
  }) == "list 9");
}

TEST_CASE("a few absent names beside a thousand others cost two requests at most") {
  for (const bool listed : {false, true}) {
    CAPTURE(listed);
    World w;
    w.fill(1'000);
    const InodeId d = w.look("d");
    if (listed) w.list(d);
    w.clock.advance(10s);
    w.store.reset_count();
    for (int i = 0; i < 20; ++i) REQUIRE(w.look(absent_name(i), d) == 0);
    const auto count = w.store.count();
    CAPTURE(count.text());
    CHECK(count.total() <= 2);
  }
}

TEST_CASE("many who ask for absent names of a short directory at once wait for one list") {
  World w;
  w.store.put_raw("x", "1");
  w.list();
  w.clock.advance(10s);
  test::Gate gate;
  w.stop(gate, test::Verb::list);
  CHECK(w.cost([&] {
    std::list<test::Beside> others;
    for (int i = 0; i < 16; ++i) {
      others.emplace_back([&w, i] { return w.look("name" + std::to_string(i)) == 0; });
    }
    for (const test::Beside& other : others) CHECK(other.waits());
    gate.open();
    for (const test::Beside& other : others) CHECK(other.ends());
  }) == "list 1");
}

TEST_CASE("a burst of absent names in a long directory costs about its pages") {
  World w;
  w.fill(12'000);
  const InodeId d = w.look("d");
  REQUIRE(d != 0);
  w.store.reset_count();
  for (int i = 0; i < 8'000; ++i) REQUIRE(w.look(absent_name(i), d) == 0);
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.total() <= 12 + 4);
}

TEST_CASE("absent names in a long directory cost at most a request each, and its pages") {
  World w;
  w.fill(5'500);
  const InodeId d = w.look("d");
  w.list(d);
  w.clock.advance(10s);
  CHECK(w.cost([&] { CHECK(w.look("none", d) == 0); }) == "list 1");
  CHECK(w.cost([&] { CHECK(w.look("n100007-not", d) == 0); }) == "list 1");
  CHECK(w.cost([&] { CHECK(w.look("n1", d) == 0); }) == "list 1");
  CHECK(w.cost([&] { CHECK(w.look("n100007", d) != 0); }) == "head 1");
  w.clock.advance(1s);
  w.store.put_raw("d/none", "there");
  w.store.put_raw("d/none2/x", "there");
  CHECK(w.look("none", d) != 0);
  CHECK(w.look("none2", d) != 0);
  // A name every 50 ms, for ten seconds.
  w.store.reset_count();
  for (int i = 0; i < 200; ++i) {
    REQUIRE(w.look(absent_name(i), d) == 0);
    w.clock.advance(50ms);
  }
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.total() <= 150);
}

TEST_CASE(
    "a name that begins many others, which come before what would be below it, is found out") {
  World w;
  w.fill(1'500);
  for (int i = 0; i < 30; ++i) w.store.put_raw("d/a-" + std::to_string(i), "x");
  const InodeId d = w.look("d");
  w.list(d);
  w.clock.advance(10s);
  CHECK(w.cost([&] { CHECK(w.look("a", d) == 0); }) == "head 1, list 2");
  w.clock.advance(10s);
  w.store.put_raw("d/a/x", "x");
  CHECK(w.look("a", d) != 0);
}

TEST_CASE("a directory of very many pages is not listed for the sake of some names") {
  World w;
  w.fill(25'000);
  const InodeId d = w.look("d");
  w.store.reset_count();
  for (int i = 0; i < 200; ++i) REQUIRE(w.look(absent_name(i), d) == 0);
  CHECK(w.store.count().total() <= 200 + 22);
  CHECK(w.cost([&] {
    for (int i = 200; i < 300; ++i) REQUIRE(w.look(absent_name(i), d) == 0);
  }) == "list 100");
}

TEST_CASE("with disable_noobj_cache every absent name is asked for") {
  Config config;
  config.listing_ttl = 0s;
  World w(config);
  REQUIRE(w.look("f") == 0);
  w.store.put_raw("f", "there");
  CHECK(w.look("f") != 0);
}
TEST_CASE("a directory that has outgrown a page is not listed in vain for each new name") {
  World w;
  const auto dir = w.files->mkdir(kRootInode, "d", 0755, {});
  REQUIRE(dir);
  const auto make = [&](int i) { w.make("f" + std::to_string(i), "", dir->ino); };
  for (int i = 0; i < 1'100; ++i) make(i);
  w.clock.advance(6s);
  make(1'100);  // its listing is the first that has more pages than one
  const auto before = w.store.count();
  constexpr int kMore = 100;
  for (int i = 0; i < kMore; ++i) make(1'101 + i);
  CHECK(w.store.count().list - before.list <= kMore / 10);
  CHECK(w.store.count().head - before.head <= kMore / 10);
}
