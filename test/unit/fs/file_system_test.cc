// SPDX-License-Identifier: Apache-2.0
// Orders of events that the behaviour suite cannot put together: what other machines do between two
// of our calls, and what the kernel asks in between.
#include <fcntl.h>

#include <thread>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

struct World : test::FsWorld {
  explicit World(const Config& own = config()) : FsWorld(own) {}

  static Config config() {
    Config c;
    c.parallel = 4;
    return c;
  }
};

}  // namespace

TEST_CASE("writes to a file that was replaced elsewhere are refused, never dropped in silence") {
  World w;
  w.store.put_raw("f", "old");
  const InodeId ino = w.look("f");
  const HandleId first = w.open(ino, O_RDWR);
  REQUIRE(first != 0);
  w.store.put_raw("f", "new");
  w.clock.advance(2s);
  CHECK(w.open(ino, O_RDONLY) == 0);  // ESTALE: the kernel looks the name up again
  const InodeId other = w.look("f");
  CHECK(other != ino);
  CHECK(w.read(w.open(other, O_RDONLY)) == "new");
  REQUIRE(w.files->write(first, 0, std::string("mine")));
  const Status stored = w.files->fsync(first);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().err == ESTALE);
  CHECK(w.stored("f") == "new");
}

TEST_CASE("a file created for reading only is stored by its close") {
  World w;
  const auto made = w.create("lock", O_RDONLY);
  REQUIRE(w.files->flush(made.handle));
  CHECK(w.stored("lock").empty());
}

TEST_CASE("a write that the disk has no room for is ENOSPC, an overwrite needs none") {
  World w;
  Config config = World::config();
  config.memory_limit = 0;
  config.disk.pretended_free = 64U << 10U;  // it is taken in blocks of that size
  w.files = make_file_system(config, w.faults, w.clock);
  const auto made = w.create("f");
  REQUIRE(w.files->write(made.handle, 0, std::string(10, 'x')));
  config.disk.pretended_free = 0;
  const auto none = make_file_system(config, w.faults, w.clock);
  const auto other = none->create(kRootInode, "g", 0644, O_WRONLY, Caller{});
  REQUIRE(other);
  const auto refused = none->write(other->handle, 0, std::string(11, 'x'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == ENOSPC);
  REQUIRE(w.files->write(made.handle, 0, std::string(20, 'y')));
  REQUIRE(w.files->flush(made.handle));
  CHECK(w.stored("f") == std::string(20, 'y'));
}

TEST_CASE("a file that there is no room to complete leaves others their room") {
  World w;
  w.store.put_raw("big", std::string(1'000'000, 'x'));
  Config config = World::config();
  config.memory_limit = std::uint64_t{8} * 65536;
  config.disk.pretended_free = 0;
  w.files = make_file_system(config, w.faults, w.clock);
  const InodeId ino = w.look("big");
  const HandleId handle = w.open(ino, O_RDWR);
  REQUIRE(w.files->write(handle, 5, std::string_view("y")));
  const Status refused = w.files->flush(handle);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == ENOSPC);
  const bool closed = GENERATE(false, true);
  if (closed) w.files->release(handle);
  for (const char* name : {"a", "b", "c"}) {
    const auto small = w.create(name);
    REQUIRE(w.files->write(small.handle, 0, std::string_view("small")));
    REQUIRE(w.files->flush(small.handle));
    CHECK(w.stored(name) == "small");
  }
  // What was written is kept, and readable among what the store has.
  const HandleId again = w.open(ino, O_RDONLY);
  CHECK(w.read(again, 3, 4) == "xyx");
  CHECK(w.stored("big") == std::string(1'000'000, 'x'));
}

TEST_CASE("ftruncate waits for the close, truncate does not") {
  World w;
  w.store.put_raw("f", "0123456789");
  const InodeId ino = w.look("f");
  const HandleId handle = w.open(ino, O_WRONLY);
  REQUIRE(w.cut(ino, 4));
  w.store.reset_count();
  REQUIRE(w.files->flush(handle));
  CHECK(w.stored("f") == "0123");
  SetAttr cut;
  cut.size = 2;
  REQUIRE(w.files->setattr(ino, cut));
  CHECK(w.stored("f") == "01");
}

TEST_CASE("a truncate that cannot be stored leaves the file as it was") {
  World w;
  w.store.put_raw("f", "0123456789");
  const InodeId ino = w.look("f");
  w.fail(test::Verb::put);
  SetAttr cut;
  cut.size = 4;
  CHECK_FALSE(w.files->setattr(ino, cut));
  w.faults.clear();
  CHECK(w.stored("f") == "0123456789");
  CHECK(w.files->getattr(ino)->size == 10);
  CHECK(w.read(w.open(ino, O_RDONLY)) == "0123456789");
}

TEST_CASE("renaming a new file over another and away again does not bring the other back") {
  World w;
  w.store.put_raw("target", "old");
  const auto made = w.create("new");
  REQUIRE(w.files->write(made.handle, 0, std::string("new")));
  REQUIRE(w.rename("new", "target"));
  REQUIRE(w.rename("target", "elsewhere"));
  REQUIRE(w.files->flush(made.handle));
  CHECK(w.stored("target") == "none");
  CHECK(w.stored("elsewhere") == "new");
  CHECK(w.look("target") == 0);
}

TEST_CASE("removing a new file that replaced another removes the other too") {
  World w;
  w.store.put_raw("target", "old");
  const auto made = w.create("new");
  REQUIRE(w.rename("new", "target"));
  REQUIRE(w.files->unlink(kRootInode, "target"));
  REQUIRE(w.files->flush(made.handle));
  w.files->release(made.handle);
  CHECK(w.store.keys().empty());
}

TEST_CASE("an answer that is older than our own change does not replace it") {
  World w;
  // While a thread asks for the name, we make and store it: the answer is of the time before.
  test::Fault late;
  late.verb = test::Verb::head;
  late.key = "g";
  late.action = test::Fault::Action::none;
  late.times = 1;
  late.after = [&](const test::StoreCall&) {
    w.clock.advance(1ms);
    w.make("g", "ours");
  };
  w.faults.add(late);
  static_cast<void>(w.look("g"));
  const InodeId ino = w.look("g");
  REQUIRE(ino != 0);
  CHECK(w.files->getattr(ino)->size == 4);
}

TEST_CASE("a directory that vanished elsewhere is not renamed into an empty one") {
  World w;
  REQUIRE(w.files->mkdir(kRootInode, "d", 0755, Caller{}));
  REQUIRE(w.store.remove_raw("d/"));
  const Status renamed = w.rename("d", "e");
  REQUIRE_FALSE(renamed);
  CHECK(renamed.error().err == ENOENT);
  CHECK(w.store.keys().empty());
}

TEST_CASE("a file deleted elsewhere is gone once its directory was listed again") {
  World w;
  w.store.put_raw("f", "x");
  REQUIRE(w.look("f") != 0);
  REQUIRE(w.store.remove_raw("f"));
  w.clock.advance(2s);
  w.list();
  CHECK(w.look("f") == 0);
}

TEST_CASE("bytes that could not be stored are kept after the last close and stored at the end") {
  World w;
  const auto made = w.create("f");
  REQUIRE(w.files->write(made.handle, 0, std::string("precious")));
  w.fail(test::Verb::put);
  CHECK_FALSE(w.close(made.handle));
  w.files->forget(made.attr.ino, 1);
  w.faults.clear();
  CHECK(w.read(w.open(w.look("f"), O_RDONLY)) == "precious");
  CHECK(w.files->sync_all());
  CHECK(w.stored("f") == "precious");
}

TEST_CASE("what a later attempt may store is kept, what the store will never take is given up") {
  struct Case {
    int err;
    Refusal refusal;
    bool given_up;
  };
  for (const Case& one : {Case{EPERM, Refusal::forbidden, true},
                          {EPERM, Refusal::refused, false},
                          {EFBIG, Refusal::refused, true},
                          {E2BIG, Refusal::refused, true},
                          {EINVAL, Refusal::refused, true},
                          {ESTALE, Refusal::refused, true},
                          {ENOTSUP, Refusal::not_supported, true},
                          {ENOTSUP, Refusal::failed, false},
                          {EIO, Refusal::unexplained, false},
                          {ENXIO, Refusal::bucket_gone, false}}) {
    INFO(one.err << " " << static_cast<int>(one.refusal));
    World w;
    const auto made = w.create("f");
    REQUIRE(w.files->write(made.handle, 0, std::string("x")));
    w.fail(test::Verb::put, World::refused(one.err, one.refusal));
    CHECK_FALSE(w.close(made.handle));
    w.faults.clear();
    CHECK((w.look("f") == 0) == one.given_up);
  }
}

TEST_CASE("another handle learns once of a failure that it did not meet") {
  World w;
  w.make("f", "x");
  const InodeId ino = w.look("f");
  const HandleId a = w.open(ino, O_WRONLY);
  const HandleId b = w.open(ino, O_WRONLY);
  REQUIRE(w.files->write(a, 0, std::string("y")));
  w.fail(test::Verb::put, 1);
  CHECK_FALSE(w.files->fsync(a));
  CHECK(w.files->fsync(a));
  CHECK_FALSE(w.files->fsync(b));
  CHECK(w.files->fsync(b));
  CHECK(w.stored("f") == "y");
}

TEST_CASE("closing and changing attributes at once is safe") {
  World w;
  w.make("f", "x");
  const InodeId ino = w.look("f");
  for (int round = 0; round < 200; ++round) {
    const HandleId handle = w.open(ino, O_WRONLY);
    std::thread closer([&] { w.files->release(handle); });
    SetAttr change;
    change.mode = 0600 + static_cast<mode_t>(round % 8);
    const auto changed = w.files->setattr(ino, change);
    closer.join();
    REQUIRE(changed);
  }
  CHECK(w.stored("f") == "x");
}

TEST_CASE("an unlinked file stays readable and writable for whoever has it open") {
  World w;
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  const HandleId handle = w.open(ino, O_RDWR);
  REQUIRE(w.files->unlink(kRootInode, "f"));
  CHECK(w.read(handle) == "stored bytes");
  REQUIRE(w.files->write(handle, 0, std::string("S")));
  CHECK(w.read(handle) == "Stored bytes");
  CHECK(w.files->getattr(ino)->nlink == 0);
  CHECK(w.files->flush(handle));
  w.files->release(handle);
  CHECK(w.store.keys().empty());
}

TEST_CASE("what is zeroed is zeros, and costs nothing where there is nothing") {
  Config roomy = World::config();
  roomy.hole_limit = 1ULL << 41U;
  World w(roomy);
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  const HandleId handle = w.open(ino, O_RDWR);
  SECTION("in the stored bytes, not beyond the end") {
    REQUIRE(w.files->allocate(handle, {7, 1000, true, false}));
    CHECK(w.read(handle) == std::string("stored \0\0\0\0\0", 12));
  }
  SECTION("beyond the end") {
    REQUIRE(w.files->allocate(handle, {10, 4, true, true}));
    CHECK(w.read(handle) == std::string("stored byt\0\0\0\0", 14));
  }
  SECTION("in a hole larger than any disk") {
    REQUIRE(w.cut(ino, 1ULL << 40U));
    REQUIRE(w.files->write(handle, 1ULL << 39U, std::string("written")));
    REQUIRE(w.files->allocate(handle, {1, 1ULL << 40U, true, false}));
    REQUIRE(w.cut(ino, 12));
    CHECK(w.read(handle) == std::string("s\0\0\0\0\0\0\0\0\0\0\0", 12));
  }
  SECTION("room alone changes no byte") {
    REQUIRE(w.files->allocate(handle, {7, 1000, false, false}));
    CHECK(w.read(handle) == "stored bytes");
  }
  const std::string bytes = w.read(handle);
  CHECK(w.files->flush(handle));
  CHECK(w.stored("f") == bytes);
}

TEST_CASE("an unlinked file can be opened again by whoever has it open, and by nobody else") {
  World w;
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  const HandleId first = w.open(ino, O_RDONLY);
  REQUIRE(w.files->unlink(kRootInode, "f"));
  const HandleId second = w.open(ino, O_RDWR);
  REQUIRE(w.files->write(second, 0, std::string("S")));
  CHECK(w.read(first) == "Stored bytes");
  w.files->release(first);
  CHECK(w.read(w.open(ino, O_RDWR | O_TRUNC)).empty());
  CHECK(w.files->getattr(ino)->size == 0);
  CHECK(w.files->flush(second));
  CHECK(w.store.keys().empty());

  w.store.put_raw("g", "bytes");
  const InodeId closed = w.look("g");
  REQUIRE(w.files->unlink(kRootInode, "g"));
  CHECK(w.files->open(closed, O_RDONLY).error().err == ESTALE);
}

TEST_CASE("the last handle may close while the bytes of an unlinked file are being fetched") {
  World w;
  w.store.put_raw("f", std::string(300'000, 'x'));
  const InodeId ino = w.look("f");
  const HandleId handle = w.open(ino, O_RDONLY);
  w.when(test::Verb::get, [&] { w.files->release(handle); });
  CHECK(w.files->unlink(kRootInode, "f"));
  CHECK(w.faults.fired() == 1);
  CHECK_FALSE(w.store.object("f"));
  CHECK(w.files->lookup(kRootInode, "f").error().err == ENOENT);
}

TEST_CASE("a walk through a small tree is one list, until it has outgrown a page") {
  World w;
  for (const char* key : {"t/a/1", "t/a/2", "t/b/1", "t/c/d/1"}) w.store.put_raw(key, "x");
  const auto walk = [&](InodeId directory, auto& self) -> int {
    int files = 0;
    std::vector<InodeId> below;
    const auto opened = w.files->opendir(directory);
    REQUIRE(opened);
    REQUIRE(w.files->readdir(*opened, 0, false, [&](const DirEntry& entry) {
      if (entry.name == "." || entry.name == "..") return true;
      const InodeId ino = w.look(entry.name, directory);
      entry.type == S_IFDIR ? below.push_back(ino) : void(++files);
      return true;
    }));
    w.files->releasedir(*opened);
    for (const InodeId ino : below) files += self(ino, self);
    return files;
  };
  FirstPage first;
  first.asked = w.clock.now();
  store::ListRequest all;
  all.delimited = false;
  first.page = *w.store.list(all);
  w.files = make_file_system(World::config(), w.faults, w.clock, first);
  w.store.reset_count();
  CHECK(walk(kRootInode, walk) == 4);
  CHECK(w.store.count().list == 1);
  w.clock.advance(10s);
  w.store.put_raw("t/c/d/2", "x");
  w.store.reset_count();
  CHECK(walk(kRootInode, walk) == 5);
  CHECK(w.store.count().list == 1);
  for (int i = 0; i < 1'000; ++i) w.store.put_raw("t/c/d/n" + std::to_string(i), "x");
  w.clock.advance(10s);
  CHECK(walk(kRootInode, walk) == 1'005);
  w.clock.advance(10s);
  w.store.reset_count();
  CHECK(walk(kRootInode, walk) == 1'005);
  CHECK(w.store.count().list > 5);
}

TEST_CASE("who removes what he has listed, however slowly, asks about no name") {
  World w;
  const std::string large(5'000, 'x');
  for (int i = 0; i < 8; ++i) w.store.put_raw("f" + std::to_string(i), large);
  const auto opened = w.files->opendir(kRootInode);
  REQUIRE(opened);
  REQUIRE(w.files->readdir(*opened, 0, false, [](const DirEntry&) { return true; }));
  w.store.reset_count();
  for (int i = 0; i < 6; ++i) {
    w.clock.advance(20s);
    const std::string name = "f" + std::to_string(i);
    REQUIRE(w.look(name) != 0);
    REQUIRE(w.files->unlink(kRootInode, name));
  }
  CHECK(w.store.count().text() == "remove 6");
  w.clock.advance(20s);
  w.store.reset_count();
  CHECK(w.look("f7") != 0);
  CHECK(w.store.count().text() == "none");
  w.files->releasedir(*opened);
  w.clock.advance(20s);
  CHECK(w.look("f7") != 0);
  CHECK(w.store.count().text() != "none");
}
