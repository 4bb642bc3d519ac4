// SPDX-License-Identifier: Apache-2.0
#include "fs/rename/interrupted_rename.h"

#include <map>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

struct World : test::FsWorld {
  World() {
    for (int i = 0; i < 6; ++i) put("old/f" + std::to_string(i), "text " + std::to_string(i), i);
    put("old/sub/f", "below", 9);
    put("old/", "", 10);
  }
  void put(const std::string& key, const std::string& text, int ctime) {
    store::ObjectAttributes attributes;
    attributes.metadata = {{"mode", key.ends_with('/') ? "16877" : "33188"},
                           {"ctime", "1700000000.00000000" + std::to_string(ctime)}};
    store.put_raw(key, text, attributes);
  }
  static Config config() {
    Config c;
    c.parallel = 1;
    return c;
  }
  /// As a mount of its own does it.
  int rename_again() {
    files = make_file_system(config(), store, clock);
    return test::err(rename("old", "new"));
  }
  /// What files there are, by their names below either directory; conflicting ones show as "!".
  std::map<std::string, std::string> files_below(const std::vector<std::string>& prefixes) const {
    std::map<std::string, std::string> found;
    for (const auto& [key, object] : store.objects()) {
      for (const std::string& prefix : prefixes) {
        if (!key.starts_with(prefix) || key.ends_with('/')) continue;
        std::string& text = found[key.substr(prefix.size())];
        text = text.empty() || text == object.content() ? object.content() : "!";
      }
    }
    return found;
  }
};

}  // namespace

TEST_CASE("a directory rename that is killed anywhere loses nothing and is finished by the next") {
  bool killed = true;
  int finished = 0;
  for (int calls = 1; killed; ++calls) {
    CAPTURE(calls);
    World w;
    const auto all = w.files_below({"old/"});
    test::Fault alive;
    alive.action = test::Fault::Action::none;
    alive.times = calls;
    w.faults.add(alive);
    test::Fault dead;  // from then on nothing arrives, so nothing is undone either
    dead.error = {EIO, "killed"};
    const auto rule = w.faults.add(dead);
    {
      const auto files = make_file_system(World::config(), w.faults, w.clock);
      killed = !files->rename(kRootInode, "old", kRootInode, "new", false);
      CHECK((w.faults.fired(rule) > 0) == killed);
    }
    CHECK(w.files_below({"old/", "new/"}) == all);
    if (!killed) break;
    // Nothing but the empty directory may be left of the old name: rmdir finishes that.
    if (w.files_below({"old/"}).empty()) continue;
    CHECK(w.rename_again() == 0);
    ++finished;
    CHECK(w.files_below({"new/"}) == all);
    CHECK(w.files_below({"old/"}).empty());
  }
  CHECK(finished > 8);
}

TEST_CASE("two directories that merely hold the same are not taken for an interrupted rename") {
  World w;
  w.store.put_raw("new/f1", "text 1");  // by another tool: no times
  CHECK(w.rename_again() == ENOTEMPTY);
  w.put("new/f1", "text 1", 8);  // as cp -a makes it: another ctime
  CHECK(w.rename_again() == ENOTEMPTY);
  w.put("new/f1", "text 1", 1);
  w.put("new/f2", "later", 2);  // changed since
  CHECK(w.rename_again() == ENOTEMPTY);
  w.put("new/f2", "text 2", 2);
  w.put("new/own", "x", 3);  // each has what the other one lacks
  CHECK(w.rename_again() == ENOTEMPTY);
  REQUIRE(w.store.remove("new/own"));
  CHECK(w.rename_again() == 0);
  CHECK(w.files_below({"old/"}).empty());
}

TEST_CASE("a copy with an ETag of its own is known by its attributes") {
  World w;
  w.put("new/f1", "text x", 1);  // the same size
  WorkerPool pool(2);
  const auto judged = is_interrupted_rename(World::config(), w.store, pool, "old/", "new/");
  REQUIRE(judged);
  CHECK(*judged);
  w.put("new/f2", "text x", 3);
  CHECK_FALSE(*is_interrupted_rename(World::config(), w.store, pool, "old/", "new/"));
}
