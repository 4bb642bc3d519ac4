// SPDX-License-Identifier: Apache-2.0
// Programs that go through the directories of a tree, as the file system sees them.
#include <fcntl.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

struct World : test::FsWorld {
  explicit World(int directories, int files_in_each = 5) : FsWorld(config()) {
    for (int d = 0; d < directories; ++d) {
      const std::string directory = name('d', d) + "/";
      store.put_raw(directory, "");
      for (int f = 0; f < files_in_each; ++f) store.put_raw(directory + name('f', f), "x");
    }
  }
  static Config config() {
    Config config;
    config.memory_limit = 64U << 20U;
    return config;
  }
  static std::string name(char letter, int number) { return letter + std::to_string(100 + number); }
  /// find(1) with a test on each file, or grep -r.
  void walk(InodeId top, bool reads, std::chrono::milliseconds pause = 0ms) {
    for (const std::string& name : list(top)) {
      const auto attr = files->lookup(top, name);
      REQUIRE(attr);
      if (S_ISDIR(attr->mode)) {
        walk(attr->ino, reads, pause);
        clock.advance(pause);
      } else if (reads) {
        const auto opened = files->open(attr->ino, O_RDONLY);
        REQUIRE(opened);
        REQUIRE(files->read(opened->handle, 0, 4096));
        files->release(opened->handle);
      }
    }
  }
};

TEST_CASE("a walk through many directories asks for each thing once") {
  World w(40);
  const bool reads = GENERATE(false, true);
  w.store.reset_count();
  w.walk(kRootInode, reads);
  w.files.reset();  // what was asked for ahead has come
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.list == 41);
  // One request for each directory and each file.
  CHECK(count.head + count.get == 40 + 200);
  if (reads) CHECK(count.get == 200);
}

TEST_CASE("who reads slowly has no more fetched ahead than he comes to within a second") {
  World w(12);
  w.store.reset_count();
  w.walk(kRootInode, true, 400ms);
  w.files.reset();
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.get == 12 * 5);
  // A task of the pool that the machine holds up while the clock here goes on may ask about a few
  // files again; without the limit most of the sixty are asked about twice.
  CHECK(count.head >= 12);
  CHECK(count.head <= 12 + 15);
}

TEST_CASE("the next directories of a walk and their names come side by side") {
  World w(40);
  // The answer to the first question waits until the second one is asked.
  const auto [first, second] = GENERATE(std::pair("d120/", "d121/"),  // listings
                                        std::pair("d120/f101", "d122/f101"));
  std::promise<void> asked;
  const auto was_asked = asked.get_future().share();
  std::atomic<bool> met = false;
  test::Fault fault;
  fault.action = test::Fault::Action::none;
  fault.nth = 1;
  if (std::string(first).ends_with('/')) fault.verb = test::Verb::list;
  fault.key = first;
  fault.before = [&](const test::StoreCall&) {
    met = was_asked.wait_for(10s) == std::future_status::ready;
  };
  w.faults.add(fault);
  fault.key = second;
  fault.before = [&](const test::StoreCall&) { asked.set_value(); };
  w.faults.add(fault);
  w.walk(kRootInode, false);
  w.files.reset();
  CHECK(met);
}

TEST_CASE("who listed another directory long ago is not taken to go on with it") {
  World w(40);
  const auto names = w.list(kRootInode);
  for (int d = 0; d < 3; ++d) {
    const InodeId directory = w.must_look(names[static_cast<std::size_t>(d)]);
    for (const std::string& name : w.list(directory)) w.must_look(name, directory);
    w.clock.advance(3s);
  }
  w.store.reset_count();
  CHECK(w.list(w.must_look("d103")).size() == 5);
  w.files.reset();
  CHECK(w.store.count().list <= 2);  // its own, and the root's, which is older than 5 s
}

TEST_CASE("who lists one directory of many makes nobody ask for the others") {
  World w(40);
  REQUIRE(w.list(kRootInode).size() == 40);
  const InodeId directory = w.must_look("d120");
  w.store.reset_count();
  CHECK(w.list(directory).size() == 5);
  w.files.reset();
  CHECK(w.store.count().total() <= 1);
}

TEST_CASE("who asks about no name makes nobody ask about those of the next directory") {
  World w(40);
  w.store.reset_count();
  for (const std::string& name : w.list(kRootInode)) CHECK(w.list(w.must_look(name)).size() == 5);
  w.files.reset();
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.list == 41);
  CHECK(count.head + count.get == 40);
}

TEST_CASE("who asks only what a listing does not tell makes nobody ask for the rest") {
  World w(20, 3);
  const std::string large(5'000, 'x');
  for (int d = 0; d < 20; ++d) {
    for (int f = 0; f < 6; ++f) {
      w.store.put_raw(World::name('d', d) + "/" + World::name('f', f) + "large", large);
    }
  }
  const bool all = GENERATE(false, true);  // ls -lR, or find -type f
  const auto walk = [&](InodeId top, const auto& self) -> void {
    const auto opened = w.files->opendir(top);
    REQUIRE(opened);
    std::vector<std::pair<std::string, bool>> found;
    REQUIRE(w.files->readdir(*opened, 0, false, [&](const DirEntry& entry) {
      if (!entry.name.starts_with('.')) found.emplace_back(entry.name, entry.type == S_IFREG);
      return true;
    }));
    for (const auto& [name, is_file] : found) {
      if (is_file && !all) continue;
      const auto attr = w.files->lookup(top, name);
      REQUIRE(attr);
      if (!attr->complete) REQUIRE(w.files->getattr(attr->ino));
      if (S_ISDIR(attr->mode)) self(attr->ino, self);
    }
    w.files->releasedir(*opened);
  };
  w.store.reset_count();
  walk(kRootInode, walk);
  w.files.reset();
  const auto count = w.store.count();
  CAPTURE(count.text());
  CHECK(count.list == 21);
  CHECK(count.head + count.get == (all ? 20 + 20 * 9 : 20 + 20 * 3));
}

TEST_CASE("a listing that fails ahead of the walk fails nothing, and is asked for again") {
  World w(12);
  test::Fault fault;
  fault.verb = test::Verb::list;
  fault.key = "d108/";
  fault.times = 1;
  const auto rule = w.faults.add(fault);
  std::set<std::string> failed;
  for (const std::string& name : w.list(kRootInode)) {
    const InodeId directory = w.must_look(name);
    for (int tries = 0; tries < 2; ++tries) {
      const auto opened = w.files->opendir(directory);
      REQUIRE(opened);
      std::size_t found = 0;
      const Status read = w.files->readdir(*opened, 0, false, [&](const DirEntry&) {
        ++found;
        return true;
      });
      w.files->releasedir(*opened);
      if (!read) failed.insert(name);
      if (read) CHECK(found == 7);
    }
  }
  CHECK(w.faults.fired(rule) == 1);
  CHECK(failed.size() <= 1);  // when the walk itself was quicker than the one ahead of it
}

TEST_CASE("what others put into a directory listed ahead is seen when its time has passed") {
  World w(12);
  const auto names = w.list(kRootInode);
  for (int i = 0; i < 4; ++i) w.list(w.must_look(names[static_cast<std::size_t>(i)]));
  w.store.put_raw("d104/new", "x");
  w.clock.advance(10s);
  CHECK(w.list(w.must_look("d104")).size() == 6);
}

}  // namespace
}  // namespace pailfs::fs
