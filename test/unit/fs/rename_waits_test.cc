// SPDX-License-Identifier: Apache-2.0
// Who waits for a rename, and for whom a rename waits: one of two requests stands still in the
// store until the other verb has come as far as it can.
#include <fcntl.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::Beside;
using test::Verb;

struct World : test::FsWorld {
  World() {
    for (const char* key : {"d/f", "d/g", "other/f", "other/g", "other/h", "x/1"}) {
      store.put_raw(key, key);
    }
    d = look("d");
    other = look("other");
  }
  ~World() { gate.open(); }

  bool write(InodeId parent, const std::string& name, const std::string& text) const {
    return try_make(name, text, parent).has_value();
  }
  bool rename(const std::string& from, const std::string& to) const {
    return FsWorld::rename(from, to).has_value();
  }

  InodeId d = 0;
  InodeId other = 0;
  test::Gate gate;
};

TEST_CASE("nothing outside waits while a directory is renamed") {
  World w;
  const InodeId f = w.look("f", w.other);
  w.stop(w.gate, Verb::copy, "e/f");
  const Beside renaming([&] { return w.rename("d", "e"); });
  REQUIRE(w.gate.is_reached());
  SetAttr mode;
  mode.mode = 0600;
  SetAttr size;
  size.size = 3;
  const std::pair<const char*, std::function<bool()>> verbs[] = {
      {"open and read", [&] { return w.read_file(f) == "other/f"; }},
      {"write and close", [&] { return w.write(w.other, "new", "bytes"); }},
      {"open to truncate",
       [&] {
         const auto opened = w.files->open(f, O_WRONLY | O_TRUNC);
         const bool right = opened && w.files->write(opened->handle, 0, std::string("cut")) &&
                            w.files->fsync(opened->handle);
         if (opened) w.files->release(opened->handle);
         return right;
       }},
      {"mkdir", [&] { return w.files->mkdir(w.other, "sub", 0755, Caller{}).has_value(); }},
      {"rmdir", [&] { return w.files->rmdir(w.other, "sub").has_value(); }},
      {"symlink", [&] { return w.files->symlink("to", w.other, "link", Caller{}).has_value(); }},
      {"unlink", [&] { return w.files->unlink(w.other, "g").has_value(); }},
      {"chmod", [&] { return w.files->setattr(f, mode).has_value(); }},
      {"chmod of a directory", [&] { return w.files->setattr(w.other, mode).has_value(); }},
      {"truncate", [&] { return w.files->setattr(f, size).has_value(); }},
      {"rename of a file",
       [&] { return w.files->rename(w.other, "h", kRootInode, "h", false).has_value(); }},
      {"rename of another directory", [&] { return w.rename("x", "y"); }},
      {"sync", [&] { return w.files->sync_all().has_value(); }},
  };
  for (const auto& [name, verb] : verbs) {
    INFO(name);
    CHECK(Beside(verb).ends());
  }
  w.gate.open();
  CHECK(renaming.ends());
  CHECK(w.stored("e/f") == "d/f");
  CHECK(w.stored("other/f") == "cut");
}

TEST_CASE("a file of a directory that is renamed can be opened and read meanwhile") {
  World w;
  const InodeId f = w.look("f", w.d);
  const InodeId g = w.look("g", w.d);
  w.clock.advance(2s);  // its version must be asked for
  w.stop(w.gate, Verb::copy, "e/f");
  const Beside renaming([&] { return w.rename("d", "e"); });
  REQUIRE(w.gate.is_reached());
  CHECK(Beside([&] { return w.read_file(f) == "d/f"; }).ends());
  // Held open across the end of the rename.
  const auto opened = w.files->open(g, O_RDWR);
  REQUIRE(opened);
  w.gate.open();
  REQUIRE(renaming.ends());
  const auto bytes = w.files->read(opened->handle, 0, 100);
  REQUIRE(bytes);
  REQUIRE(w.files->write(opened->handle, 0, std::string("new")));
  CHECK(w.files->flush(opened->handle));
  w.files->release(opened->handle);
  CHECK(w.stored("e/g") == "new" + std::string("d/g").substr(3));
}

TEST_CASE("a rename waits for no change elsewhere, and for those of its own directory") {
  World w;
  const bool inside = GENERATE(false, true);
  CAPTURE(inside);
  w.stop(w.gate, Verb::put, inside ? "d/new" : "other/new");
  const Beside writing([&] { return w.write(inside ? w.d : w.other, "new", "bytes"); });
  REQUIRE(w.gate.is_reached());
  const Beside renaming([&] { return w.rename("d", "e"); });
  if (inside) {
    CHECK(renaming.waits());
    // It holds up nothing else, and new changes of its own directory follow it.
    CHECK(Beside([&] { return w.write(w.other, "second", "bytes"); }).ends());
    const Beside late([&] { return w.write(w.d, "late", "bytes"); });
    CHECK(late.waits());
    w.gate.open();
    CHECK(late.ends());
    CHECK(w.stored("e/late") == "bytes");
  } else {
    CHECK(renaming.ends());
    w.gate.open();
  }
  CHECK(writing.ends());
  CHECK(renaming.ends());
  CHECK(w.stored(inside ? "e/new" : "other/new") == "bytes");
  CHECK(w.stored("e/f") == "d/f");
}

TEST_CASE("a name whose directory is being renamed is not taken for absent") {
  World w;
  const InodeId f = w.look("f", w.d);
  const auto held = w.files->open(f, O_RDWR);  // the version that must not be taken for replaced
  REQUIRE(held);
  w.clock.advance(901s);
  w.stop(w.gate, Verb::remove_many, "d/*", true);
  const Beside renaming([&] { return w.rename("d", "e"); });
  REQUIRE(w.gate.is_reached());
  // The old names are gone from the store, and the new ones are not shown yet.
  {
    const Beside lookup([&] { return w.look("f", w.d) == f; });
    const Beside lookup_of_closed([&] { return w.look("g", w.d) != 0; });
    const Beside getattr([&] { return w.files->getattr(f).has_value(); });
    const Beside open([&] { return w.read_file(f) == "d/f"; });
    CHECK(lookup_of_closed.waits());
    w.gate.open();
    CHECK(lookup.ends());
    CHECK(lookup_of_closed.ends());
    CHECK(getattr.ends());
    CHECK(open.ends());
  }
  CHECK(renaming.ends());
  REQUIRE(w.files->write(held->handle, 0, std::string("new")));
  CHECK(w.files->flush(held->handle));
  w.files->release(held->handle);
  CHECK(w.stored("e/f") == "new");
}

TEST_CASE("a file that is closed while its directory is renamed is stored under the new name") {
  World w;
  const auto opened = w.files->open(w.look("f", w.d), O_RDWR);
  REQUIRE(opened);
  w.stop(w.gate, Verb::copy, "e/f", GENERATE(false, true));
  const Beside renaming([&] { return w.rename("d", "e"); });
  REQUIRE(w.gate.is_reached());
  REQUIRE(w.files->write(opened->handle, 0, std::string("newer")));
  const Beside closing([&] { return w.files->flush(opened->handle).has_value(); });
  CHECK(closing.waits());
  w.gate.open();
  CHECK(closing.ends());
  CHECK(renaming.ends());
  w.files->release(opened->handle);
  CHECK(w.stored("e/f") == "newer");
  CHECK(w.stored("d/f") == "none");
}

TEST_CASE("writers lose nothing and name no file twice while their directories change names") {
  World w;
  constexpr int kFiles = 60;
  std::atomic<int> writing = 4;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  const InodeId x = w.look("x");
  for (int writer = 0; writer < 4; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kFiles; ++i) {
        const std::string name = "w" + std::to_string(writer) + "." + std::to_string(i);
        if (!w.write(i % 2 == 0 ? w.d : x, name, name)) ++failed;
      }
      --writing;
    });
  }
  // Each moves one of the directories around, into the other as well.
  const auto move = [&](InodeId from, const char* name, InodeId to, const char* new_name) {
    const Status moved = w.files->rename(from, name, to, new_name, false);
    if (!moved && moved.error().err != ENOENT && moved.error().err != ENOTEMPTY &&
        moved.error().err != EINVAL) {
      ++failed;
    }
    return moved.has_value();
  };
  threads.emplace_back([&] {
    while (writing > 0) {
      if (move(kRootInode, "d", kRootInode, "e")) move(kRootInode, "e", kRootInode, "d");
      if (move(kRootInode, "d", x, "d")) move(x, "d", kRootInode, "d");
    }
  });
  threads.emplace_back([&] {
    while (writing > 0) {
      if (move(kRootInode, "x", kRootInode, "y")) move(kRootInode, "y", kRootInode, "x");
    }
  });
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  for (int writer = 0; writer < 4; ++writer) {
    for (int i = 0; i < kFiles; ++i) {
      const std::string name = "w" + std::to_string(writer) + "." + std::to_string(i);
      const InodeId ino = w.look(name, i % 2 == 0 ? w.d : x);
      REQUIRE(w.read_file(ino) == name);
    }
  }
  std::size_t objects = 0;
  for (const std::string& key : w.store.keys()) objects += key.find("/w") != std::string::npos;
  CHECK(objects == std::size_t{4} * kFiles);
}

}  // namespace
}  // namespace pailfs::fs
