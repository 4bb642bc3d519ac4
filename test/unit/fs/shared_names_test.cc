// SPDX-License-Identifier: Apache-2.0
// Another client stores objects while this mount renames, removes and makes names: none of them is
// replaced or removed that this mount has not seen.
#include <functional>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"
#include "support/unconditional.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;
using namespace std::chrono_literals;

namespace {

/// A mount on which the directory `d` has the files `a` and `zz`.
struct Names : FsWorld {
  explicit Names(bool obeys = true, const Config& config = {}) : FsWorld(config), careless(faults) {
    if (!obeys) files = make_file_system(config, careless, clock);
    store.put_raw("d/", "");
    foreign("d/a", "of d/a");
    foreign("d/zz", "of d/zz");
  }
  void foreign(const std::string& key, const std::string& text) { store.put_raw(key, text); }
  /// The mount finds that the name is absent, and believes it for a second.
  void finds_absent(const char* name) {
    REQUIRE(look(name) == 0);
    clock.advance(10ms);
  }
  int move(const char* from, const char* to, bool no_replace = false) const {
    return err(files->rename(kRootInode, from, kRootInode, to, no_replace));
  }
  int rmdir(const char* name) const { return err(files->rmdir(kRootInode, name)); }
  int mkdir(const char* name) const { return err(files->mkdir(kRootInode, name, 0755, {})); }
  /// Another client does it before the `nth` request from now on.
  void before_request(int nth, std::function<void()> act) {
    Fault fault;
    fault.nth = nth;
    fault.action = Fault::Action::none;
    fault.before = [act = std::move(act)](const StoreCall&) { act(); };
    faults.add(fault);
  }

  Unconditional careless;
};

}  // namespace

TEST_CASE("a directory is not moved to a name that another client has taken since it was absent") {
  const bool obeys = GENERATE(true, false);
  CAPTURE(obeys);
  Names w(obeys);
  w.finds_absent("e");
  struct Row {
    std::string key;
    std::string text;
    int err;
  };
  const Row row = GENERATE(Row{"e/zz", "theirs", ENOTEMPTY}, Row{"e/other", "theirs", ENOTEMPTY},
                           Row{"e/sub/x", "theirs", ENOTEMPTY}, Row{"e", "a file", ENOTDIR},
                           Row{"e/", "", 0}, Row{"e.g", "a neighbour", 0});
  CAPTURE(row.key);
  w.foreign(row.key, row.text);
  CHECK(w.move("d", "e") == row.err);
  CHECK(w.stored(row.key) == row.text);
  CHECK(w.stored(row.err == 0 ? "e/zz" : "d/zz") == "of d/zz");
  if (row.err != 0) CHECK(w.store.keys().size() == 4);
}

TEST_CASE("a directory that is moved with NOREPLACE replaces no directory at all") {
  Names w;
  w.finds_absent("e");
  SECTION("made before it asks") {
    w.foreign("e/", "");
    CHECK(w.move("d", "e", true) == EEXIST);
  }
  SECTION("made afterwards") {
    w.when(Verb::put, [&] { w.foreign("e/", ""); });
    CHECK(w.move("d", "e", true) == EEXIST);
  }
  CHECK(w.store.keys() == std::vector<store::Key>{"d/", "d/a", "d/zz", "e/"});
}

TEST_CASE("whenever another client stores an object, the rename of a directory spares it") {
  // The requests of a rename, in their order: the questions, the directory's own object, the
  // copies, the removal.
  struct Row {
    const char* what;
    std::string key;
    std::string text;
  };
  const Row row = GENERATE(Row{"other bytes under the new name", "e/zz", "theirs"},
                           Row{"the same bytes under the new name", "e/a", "of d/a"},
                           Row{"a new name", "e/new", "theirs"},
                           Row{"other bytes under the old name", "d/a", "theirs"},
                           Row{"a new old name", "d/new", "theirs"});
  CAPTURE(row.what);
  bool more = true;
  for (int nth = 1; more; ++nth) {
    CAPTURE(nth);
    Config config;
    config.parallel = 1;
    Names w(true, config);
    w.finds_absent("e");
    bool stored = false;
    w.before_request(nth, [&] {
      w.foreign(row.key, row.text);
      stored = true;
    });
    const int moved = w.move("d", "e");
    more = stored;
    if (!stored) {
      CHECK(moved == 0);
      break;
    }
    const bool elsewhere = row.key.starts_with("d/") && moved == 0 && w.stored(row.key) == "none";
    CHECK(w.stored(elsewhere ? "e" + row.key.substr(1) : row.key) == row.text);
    // What it moves is in one of the two places, unless the other client has put its own there.
    for (const std::string name : {"/a", "/zz"}) {
      const std::string ours = "of d" + name;
      const bool there = w.stored("d" + name) == ours || w.stored("e" + name) == ours;
      CHECK((there || row.key.ends_with(name)));
    }
    if (moved != 0) CHECK((moved == ENOTEMPTY || moved == ESTALE));
  }
}

TEST_CASE("a rename that fails takes back its own copies and leaves equal ones of other clients") {
  const bool obeys = GENERATE(true, false);
  CAPTURE(obeys);
  Config config;
  config.parallel = 1;
  Names w(obeys, config);
  w.finds_absent("e");
  const bool equal = GENERATE(true, false);
  store::ObjectAttributes theirs;
  theirs.metadata = {{"ctime", "1700000000"}};
  Fault fault;
  fault.verb = Verb::copy;
  fault.nth = 2;
  fault.before = [&](const StoreCall&) {
    w.store.put_raw("e/a", equal ? "of d/a" : "other", theirs);
  };
  w.faults.add(fault);
  CHECK(w.move("d", "e") == EIO);
  CHECK(w.store.keys() == std::vector<store::Key>{"d/", "d/a", "d/zz", "e/a"});
}

TEST_CASE("a file that kept its old name is not replaced when the directory is moved back") {
  const bool obeys = GENERATE(true, false);
  CAPTURE(obeys);
  Config config;
  config.parallel = 1;
  Names w(obeys, config);
  w.finds_absent("e");
  if (obeys) {
    w.when(Verb::remove_many, [&] { w.foreign("d/a", "theirs, later"); });
  } else {
    w.when(
        Verb::remove_many, [] {}, [&] { w.foreign("d/a", "theirs, later"); });
  }
  REQUIRE(w.move("d", "e") == 0);
  CHECK(w.stored("d/a") == "theirs, later");
  const bool looks = GENERATE(true, false);
  if (looks && obeys) CHECK(w.look("d") != 0);
  CHECK(w.move("e", "d") == ENOTEMPTY);
  CHECK(w.stored("d/a") == "theirs, later");
  CHECK(w.stored("e/a") == "of d/a");
}

TEST_CASE("emptiness is believed for a second, as any absence") {
  const bool obeys = GENERATE(true, false);
  Names w(obeys);
  w.foreign("e/", "");
  REQUIRE(w.list(w.must_look("e")).empty());
  w.foreign("e/zz", "theirs");
  SECTION("a directory with a name in it is not removed") {
    w.clock.advance(1100ms);
    CHECK(w.rmdir("e") == ENOTEMPTY);
    CHECK(w.stored("e/").empty());
  }
  SECTION("and not replaced, also when it was removed before") {
    CHECK(w.rmdir("e") == 0);
    CHECK(w.move("d", "e") == ENOTEMPTY);
  }
  SECTION("nor without") {
    CHECK(w.move("d", "e") == ENOTEMPTY);
  }
  CHECK(w.stored("e/zz") == "theirs");
  CHECK(w.stored("d/zz") == "of d/zz");
}

TEST_CASE("a program that removes what it has listed may go on for a minute") {
  Names w;
  const InodeId d = w.must_look("d");
  REQUIRE(w.list(d).size() == 2);
  w.clock.advance(2s);
  for (const char* name : {"a", "zz"}) REQUIRE(w.files->unlink(d, name));
  w.clock.advance(50s);
  CHECK(w.cost([&] { CHECK(w.rmdir("d") == 0); }) == "remove 1");
}

TEST_CASE("to rename a directory costs one question about the new name") {
  Names w;
  REQUIRE(w.look("d") != 0);
  SECTION("that was absent a moment ago: besides those, a LIST of the old one and the changes") {
    w.finds_absent("e");
    CHECK(w.cost([&] { CHECK(w.move("d", "e") == 0); }) == "put 1, remove_many 1, list 2, copy 2");
  }
  SECTION("that is an empty directory") {
    REQUIRE(w.mkdir("e") == 0);
    CHECK(w.cost([&] { CHECK(w.move("d", "e") == 0); }) == "put 1, remove_many 1, list 2, copy 2");
  }
}

TEST_CASE("with conflict=fail a rename over a file replaces the version that was seen alone") {
  const bool obeys = GENERATE(true, false);
  Config config;
  config.conflict_fails = GENERATE(true, false);
  struct Row {
    const char* what;
    const char* to;
    bool changed;
    int err;
  };
  const Row row = GENERATE(Row{"nothing has changed", "g", false, 0},
                           Row{"another client has changed it", "g", true, ESTALE},
                           Row{"another client has made it", "h", true, EEXIST});
  CAPTURE(obeys, config.conflict_fails, row.what);
  Names w(obeys, config);
  w.foreign("f", "ours");
  w.foreign("g", "seen");
  REQUIRE(w.look("f") != 0);
  REQUIRE(w.look("g") != 0);
  w.finds_absent("h");
  if (row.changed) w.foreign(row.to, "theirs");
  const bool refused = config.conflict_fails && row.changed;
  CHECK(w.move("f", row.to) == (refused ? row.err : 0));
  CHECK(w.stored(row.to) == (refused ? "theirs" : "ours"));
  CHECK(w.stored("f") == (refused ? "ours" : "none"));
  if (!refused) return;
  // As soon as the other version was looked at it may be replaced.
  w.clock.advance(2s);
  CHECK(w.open_error(w.look(row.to), O_RDONLY) == (row.err == ESTALE ? ESTALE : 0));
  CHECK(w.move("f", row.to) == 0);
  CHECK(w.stored(row.to) == "ours");
}

TEST_CASE("what an unstored file has replaced goes with its next rename, and nothing newer") {
  Names w;
  w.foreign("g", "old");
  REQUIRE(w.look("g") != 0);
  const auto made = w.create("f", O_WRONLY | O_CREAT | O_EXCL);
  REQUIRE(w.files->write(made.handle, 0, std::span("ours", 4)));
  REQUIRE(w.move("f", "g") == 0);
  const bool replaced = GENERATE(true, false);
  if (replaced) w.foreign("g", "theirs, later");
  CHECK(w.move("g", "h") == 0);
  REQUIRE(w.close(made.handle));
  CHECK(w.stored("h") == "ours");
  CHECK(w.stored("g") == (replaced ? "theirs, later" : "none"));
  CHECK((w.look("g") != 0) == replaced);
}

TEST_CASE("with exclusive=store a directory that was a lock is seen to go within a second") {
  Config config;
  config.exclusive_in_store = true;
  Names w(true, config);
  w.foreign("x.lock/", "");
  const bool has_owner = GENERATE(true, false);
  if (has_owner) w.foreign("x.lock/owner", "them");
  const bool listed = GENERATE(true, false);
  if (listed) REQUIRE(w.list().size() == 2);
  const InodeId lock = w.must_look("x.lock");
  if (GENERATE(true, false)) REQUIRE(w.list(lock).size() == (has_owner ? 1U : 0U));
  CHECK(w.mkdir("x.lock") == EEXIST);
  w.store.remove_raw("x.lock/owner");
  REQUIRE(w.store.remove_raw("x.lock/"));
  w.clock.advance(1100ms);
  CHECK(w.look("x.lock") == 0);
  CHECK(w.mkdir("x.lock") == 0);
}

TEST_CASE("what is removed is the version that was seen, however its attributes came about") {
  Names w;
  w.foreign("foreign", "text");
  w.store.put_raw("s3fs", "text", {"text/plain", {{"mtime", "5.5"}, {"mode", "33188"}}, {}});
  w.make("written", "text");
  w.make("touched", "text");
  SetAttr touch;
  touch.mtime = WallTime(5s);
  REQUIRE(err(w.files->setattr(w.must_look("touched"), touch)) == 0);
  w.make("mode", "text");
  SetAttr mode;
  mode.mode = 0600;
  REQUIRE(err(w.files->setattr(w.must_look("mode"), mode)) == 0);
  w.make("old", "text");
  REQUIRE(err(w.rename("old", "renamed")) == 0);
  w.make("short", "text");
  REQUIRE(err(w.cut(w.must_look("short"), 1)) == 0);
  const fs::HandleId open = w.must_open(w.must_look("written"), O_WRONLY);
  REQUIRE(w.mkdir("dir") == 0);
  const bool late = GENERATE(false, true);
  if (late) w.clock.advance(10min);
  for (const char* name : {"written", "touched", "mode", "renamed", "short", "foreign", "s3fs"}) {
    INFO(name);
    CHECK(err(w.files->unlink(kRootInode, name)) == 0);
    CHECK(w.store.removed_unseen().empty());
  }
  CHECK(err(w.close(open)) == 0);
  const InodeId dir = w.must_look("dir");
  w.make("in it", "text", dir);
  CHECK(err(w.files->unlink(dir, "in it")) == 0);
  CHECK(w.rmdir("dir") == 0);
  CHECK(w.store.removed_unseen().empty());
}
