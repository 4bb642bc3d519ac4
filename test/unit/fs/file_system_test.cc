// SPDX-License-Identifier: Apache-2.0
// Orders of events that the behaviour suite cannot put together: what other machines do between two
// of our calls, and what the kernel asks in between.
#include "pailfs/fs/file_system.h"

#include <fcntl.h>

#include <thread>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

struct World {
  explicit World(const Config& own = config())
      : store(clock), faults(store), files(make_file_system(own, faults, clock)) {}

  static Config config() {
    Config c;
    c.parallel = 4;
    return c;
  }
  InodeId look(const char* name, InodeId parent = kRootInode) {
    const auto attr = files->lookup(parent, name);
    return attr ? attr->ino : 0;
  }
  HandleId open(InodeId ino, int flags) {
    const auto opened = files->open(ino, flags);
    return opened ? opened->handle : 0;
  }
  CreateResult create(const char* name, int flags = O_WRONLY, InodeId parent = kRootInode) {
    const auto made = files->create(parent, name, 0644, flags, Caller{});
    REQUIRE(made);
    return *made;
  }
  void make(const char* name, const std::string& text) {
    const auto made = create(name);
    REQUIRE(files->write(made.handle, 0, text));
    REQUIRE(files->flush(made.handle));
    files->release(made.handle);
  }
  std::string content(const std::string& key) {
    const auto object = store.object(key);
    return object ? object->content() : "(none)";
  }
  std::string read(HandleId handle, std::size_t size = 100) {
    const auto bytes = files->read(handle, 0, size);
    if (!bytes) return "error " + std::to_string(bytes.error().err);
    std::string out(bytes->size(), '?');
    bytes->copy_to(out);
    return out;
  }

  test::FakeClock clock;
  test::FakeStore store;
  test::FaultStore faults;
  std::unique_ptr<FileSystem> files;
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
  CHECK(w.content("f") == "new");
}

TEST_CASE("a file created for reading only is stored by its close") {
  World w;
  const auto made = w.create("lock", O_RDONLY);
  REQUIRE(w.files->flush(made.handle));
  CHECK(w.content("lock").empty());
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
  CHECK(w.content("f") == std::string(20, 'y'));
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
    CHECK(w.content(name) == "small");
  }
  // What was written is kept, and readable among what the store has.
  const HandleId again = w.open(ino, O_RDONLY);
  const auto read = w.files->read(again, 4, 3);
  REQUIRE(read);
  std::string text(read->size(), ' ');
  read->copy_to(text);
  CHECK(text == "xyx");
  CHECK(w.content("big") == std::string(1'000'000, 'x'));
}

TEST_CASE("ftruncate waits for the close, truncate does not") {
  World w;
  w.store.put_raw("f", "0123456789");
  const InodeId ino = w.look("f");
  const HandleId handle = w.open(ino, O_WRONLY);
  SetAttr cut;
  cut.size = 4;
  cut.by_handle = true;
  REQUIRE(w.files->setattr(ino, cut));
  w.store.reset_count();
  REQUIRE(w.files->flush(handle));
  CHECK(w.content("f") == "0123");
  cut.size = 2;
  cut.by_handle = false;
  REQUIRE(w.files->setattr(ino, cut));
  CHECK(w.content("f") == "01");
}

TEST_CASE("a truncate that cannot be stored leaves the file as it was") {
  World w;
  w.store.put_raw("f", "0123456789");
  const InodeId ino = w.look("f");
  test::Fault fault;
  fault.verb = test::Verb::put;
  w.faults.add(fault);
  SetAttr cut;
  cut.size = 4;
  CHECK_FALSE(w.files->setattr(ino, cut));
  w.faults.clear();
  CHECK(w.content("f") == "0123456789");
  CHECK(w.files->getattr(ino)->size == 10);
  CHECK(w.read(w.open(ino, O_RDONLY)) == "0123456789");
}

TEST_CASE("renaming a new file over another and away again does not bring the other back") {
  World w;
  w.store.put_raw("target", "old");
  const auto made = w.create("new");
  REQUIRE(w.files->write(made.handle, 0, std::string("new")));
  REQUIRE(w.files->rename(kRootInode, "new", kRootInode, "target", false));
  REQUIRE(w.files->rename(kRootInode, "target", kRootInode, "elsewhere", false));
  REQUIRE(w.files->flush(made.handle));
  CHECK(w.content("target") == "(none)");
  CHECK(w.content("elsewhere") == "new");
  CHECK(w.look("target") == 0);
}

TEST_CASE("removing a new file that replaced another removes the other too") {
  World w;
  w.store.put_raw("target", "old");
  const auto made = w.create("new");
  REQUIRE(w.files->rename(kRootInode, "new", kRootInode, "target", false));
  REQUIRE(w.files->unlink(kRootInode, "target"));
  REQUIRE(w.files->flush(made.handle));
  w.files->release(made.handle);
  CHECK(w.store.keys().empty());
}

TEST_CASE("an answer that is older than our own change does not replace it") {
  World w;
  // While somebody asks for the name, we make and store it: the answer is of the time before.
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
  const Status renamed = w.files->rename(kRootInode, "d", kRootInode, "e", false);
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
  const auto handle = w.files->opendir(kRootInode);
  REQUIRE(handle);
  REQUIRE(w.files->readdir(*handle, 0, false, [](const DirEntry&) { return true; }));
  w.files->releasedir(*handle);
  CHECK(w.look("f") == 0);
}

TEST_CASE("bytes that could not be stored are kept after the last close and stored at the end") {
  World w;
  const auto made = w.create("f");
  REQUIRE(w.files->write(made.handle, 0, std::string("precious")));
  test::Fault fault;
  fault.verb = test::Verb::put;
  w.faults.add(fault);
  CHECK_FALSE(w.files->flush(made.handle));
  w.files->release(made.handle);
  w.files->forget(made.attr.ino, 1);
  w.faults.clear();
  CHECK(w.read(w.open(w.look("f"), O_RDONLY)) == "precious");
  CHECK(w.files->sync_all());
  CHECK(w.content("f") == "precious");
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
    test::Fault fault;
    fault.verb = test::Verb::put;
    fault.error = Error{one.err, "refused"};
    fault.error.refusal = one.refusal;
    w.faults.add(fault);
    CHECK_FALSE(w.files->flush(made.handle));
    w.files->release(made.handle);
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
  test::Fault fault;
  fault.verb = test::Verb::put;
  fault.times = 1;
  w.faults.add(fault);
  CHECK_FALSE(w.files->fsync(a));
  CHECK(w.files->fsync(a));
  CHECK_FALSE(w.files->fsync(b));
  CHECK(w.files->fsync(b));
  CHECK(w.content("f") == "y");
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
  CHECK(w.content("f") == "x");
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
    SetAttr grow;
    grow.by_handle = true;
    grow.size = 1ULL << 40U;
    REQUIRE(w.files->setattr(ino, grow));
    REQUIRE(w.files->write(handle, 1ULL << 39U, std::string("written")));
    REQUIRE(w.files->allocate(handle, {1, 1ULL << 40U, true, false}));
    grow.size = 12;
    REQUIRE(w.files->setattr(ino, grow));
    CHECK(w.read(handle) == std::string("s\0\0\0\0\0\0\0\0\0\0\0", 12));
  }
  SECTION("room alone changes no byte") {
    REQUIRE(w.files->allocate(handle, {7, 1000, false, false}));
    CHECK(w.read(handle) == "stored bytes");
  }
  const std::string bytes = w.read(handle);
  CHECK(w.files->flush(handle));
  CHECK(w.content("f") == bytes);
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
  test::Fault close_meanwhile;
  close_meanwhile.verb = test::Verb::get;
  close_meanwhile.nth = 1;
  close_meanwhile.action = test::Fault::Action::none;
  close_meanwhile.before = [&](const test::StoreCall&) { w.files->release(handle); };
  const auto rule = w.faults.add(close_meanwhile);
  CHECK(w.files->unlink(kRootInode, "f"));
  CHECK(w.faults.fired(rule) == 1);
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
      const InodeId ino = w.look(std::string(entry.name).c_str(), directory);
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
    REQUIRE(w.look(name.c_str()) != 0);
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
