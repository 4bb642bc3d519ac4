// SPDX-License-Identifier: Apache-2.0
// Two threads at one file: what one of them does falls between the question and the answer of the
// other.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::Verb;

constexpr std::uint64_t kMiB = 1U << 20U;

struct World {
  explicit World(const Config& config = Config())
      : store(clock), faults(store), files(make_file_system(config, faults, clock)) {}
  ~World() {
    if (other.joinable()) other.join();
  }

  InodeId look(const char* name, InodeId parent = kRootInode) const {
    const auto attr = files->lookup(parent, name);
    return attr ? attr->ino : 0;
  }
  HandleId open(InodeId ino, int flags) const {
    const auto opened = files->open(ino, flags);
    return opened ? opened->handle : 0;
  }
  std::string read(HandleId handle, std::size_t size = 100, std::uint64_t at = 0) const {
    const auto bytes = files->read(handle, at, size);
    if (!bytes) return "error " + std::to_string(bytes.error().err);
    std::string out(bytes->size(), '?');
    bytes->copy_to(out);
    return out;
  }
  [[nodiscard]] std::string stored(const std::string& key) const {
    const auto object = store.object(key);
    return object ? object->content() : "none";
  }
  /// When the store is first asked for this: `before` it does it, or `after` it has.
  void when(Verb verb, std::function<void()> before, std::function<void()> after = {}) {
    test::Fault fault;
    fault.verb = verb;
    fault.nth = 1;
    fault.action = test::Fault::Action::none;
    fault.before = [before](const test::StoreCall&) {
      if (before) before();
    };
    fault.after = [after](const test::StoreCall&) {
      if (after) after();
    };
    faults.add(fault);
  }
  /// Does it on another thread, which gets the time to come as far as it can.
  void beside(std::function<void()> what) {
    other = std::thread(std::move(what));
    std::this_thread::sleep_for(50ms);
  }

  test::FakeClock clock;
  test::FakeStore store;
  test::FaultStore faults;
  std::unique_ptr<FileSystem> files;
  std::thread other;
};

TEST_CASE("a file opened while it is being removed is gone and never zeros") {
  World w;
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  int err = 0;
  w.when(Verb::remove, [&] {
    w.beside([&] {
      const auto opened = w.files->open(ino, O_RDONLY);
      err = opened ? 0 : opened.error().err;
    });
  });
  REQUIRE(w.files->unlink(kRootInode, "f"));
  w.other.join();
  CHECK(err == ESTALE);
}

TEST_CASE("of files that are replaced while many open and close them nobody reads zeros") {
  World w;
  const std::string bytes(100, 'x');
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  w.store.put_raw("f", bytes);
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!over) {
        const auto found = w.files->lookup(kRootInode, "f");
        if (!found) continue;
        for (int again = 0; again < 3; ++again) {
          const auto opened = w.files->open(found->ino, O_RDONLY);
          if (!opened) continue;
          const auto read = w.files->read(opened->handle, 0, bytes.size());
          std::string got(read ? read->size() : 0, '?');
          if (read) read->copy_to(got);
          if (read && got != bytes) ++wrong;
          w.files->release(opened->handle);
        }
        w.files->forget(found->ino, 1);
      }
    });
  }
  for (int i = 0; i < 2'500; ++i) {
    w.store.put_raw("t", bytes);
    w.clock.advance(2s);
    static_cast<void>(w.files->rename(kRootInode, "t", kRootInode, "f", false));
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("a last close does not discard what is just being stored") {
  World w;
  const auto made = w.files->create(kRootInode, "f", 0644, O_RDWR, Caller{});
  REQUIRE(made);
  const HandleId reader = w.open(made->attr.ino, O_RDONLY);
  REQUIRE(w.files->write(made->handle, 0, std::string("written")));
  test::Fault refusal;
  refusal.verb = Verb::put;
  refusal.error = {EACCES, "refused"};
  refusal.error.refusal = Refusal::forbidden;
  w.faults.add(refusal);
  CHECK_FALSE(w.files->flush(made->handle));
  w.files->release(made->handle);
  w.faults.clear();

  bool closed = false;
  w.when(Verb::put, [&] {
    w.files->release(reader);
    closed = true;
  });
  CHECK(w.files->sync_all());
  CHECK(closed);
  CHECK(w.stored("f") == "written");
  CHECK(w.files->activity().unstored.empty());
}

TEST_CASE("a file opened while its removal fails is there") {
  World w;
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  HandleId handle = 0;
  test::Fault refusal;
  refusal.verb = Verb::remove;
  refusal.before = [&](const test::StoreCall&) {
    w.beside([&] { handle = w.open(ino, O_RDONLY); });
  };
  refusal.times = 1;
  w.faults.add(refusal);
  REQUIRE_FALSE(w.files->unlink(kRootInode, "f"));
  w.other.join();
  REQUIRE(handle != 0);
  CHECK(w.read(handle) == "stored bytes");
}

TEST_CASE("a file opened while another one is renamed over it is that one or gone") {
  World w;
  w.store.put_raw("f", "old content");
  w.store.put_raw("f.tmp", "new content");
  const InodeId ino = w.look("f");
  w.look("f.tmp");
  int err = 0;
  w.when(Verb::copy, [&] {
    w.beside([&] {
      const auto opened = w.files->open(ino, O_RDONLY);
      err = opened ? 0 : opened.error().err;
    });
  });
  REQUIRE(w.files->rename(kRootInode, "f.tmp", kRootInode, "f", false));
  w.other.join();
  CHECK(err == ESTALE);  // the kernel looks the name up again
  CHECK(w.read(w.open(w.look("f"), O_RDONLY)) == "new content");
}

TEST_CASE("a lookup that finds a directory does not push aside the file that came after it") {
  World w;
  w.store.put_raw("f/", "");
  w.look("f");
  w.clock.advance(1h);
  HandleId handle = 0;
  InodeId made = 0;
  const auto replace = [&] {
    if (!w.files->rmdir(kRootInode, "f")) return;
    const auto created = w.files->create(kRootInode, "f", S_IFREG | 0644, O_WRONLY, Caller{});
    if (!created) return;
    handle = created->handle;
    made = created->attr.ino;
    static_cast<void>(w.files->write(handle, 0, std::string("bytes")));
  };
  test::Fault between;
  between.verb = Verb::head;
  between.nth = GENERATE(1, 2);  // behind the question about "f", behind that about "f/"
  between.action = test::Fault::Action::none;
  between.after = [&](const test::StoreCall&) {
    std::this_thread::sleep_for(50ms);  // until the listing beside it is over
    std::thread(replace).join();
  };
  w.faults.add(between);
  // As the kernel asks about a name that it has had for a second: others may change it meanwhile.
  const auto found = w.files->lookup(kRootInode, "f");
  REQUIRE(found);
  REQUIRE(handle != 0);
  CHECK(found->ino == made);
  CHECK((found->mode & S_IFMT) == S_IFREG);
  CHECK(w.files->flush(handle));
  CHECK(w.stored("f") == "bytes");
}

TEST_CASE("what is asked about a file is not answered with what has taken its name") {
  World w;
  w.store.put_raw("f", "a file");
  const InodeId ino = w.look("f");
  w.clock.advance(1h);
  const auto replace = [&] {
    if (!w.files->unlink(kRootInode, "f")) return;
    static_cast<void>(w.files->symlink("elsewhere", kRootInode, "f", Caller{}));
  };
  w.when(Verb::head, [&] { std::thread(replace).join(); });
  const auto attr = w.files->getattr(ino);
  if (attr) {
    CHECK((attr->mode & S_IFMT) == S_IFREG);
  } else {
    CHECK(attr.error().err == ESTALE);
  }
  CHECK(w.files->lookup(kRootInode, "f")->ino != ino);
}

TEST_CASE("a file opened while the bytes of its removal are rescued is gone and never zeros") {
  World w;
  w.store.put_raw("f", std::string(300'000, 'x'));
  const InodeId ino = w.look("f");
  const HandleId first = w.open(ino, O_RDONLY);
  HandleId second = 0;
  w.when(Verb::get, {}, [&] {
    w.files->release(first);
    w.beside([&] { second = w.open(ino, O_RDONLY); });
  });
  REQUIRE(w.files->unlink(kRootInode, "f"));
  w.other.join();
  CHECK(second == 0);
}

TEST_CASE("a file that goes while its open asks for it is not opened without its bytes") {
  for (const bool replaced : {false, true}) {
    for (const bool answered : {false, true}) {
      CAPTURE(replaced, answered);
      World w;
      w.store.put_raw("f", "old bytes");
      w.store.put_raw("g", "new bytes");
      const InodeId ino = w.look("f");
      REQUIRE(w.look("g") != 0);
      w.clock.advance(2s);
      Status gone;
      const auto go = [&] {
        std::thread([&] {
          gone = replaced ? w.files->rename(kRootInode, "g", kRootInode, "f", false)
                          : w.files->unlink(kRootInode, "f");
        }).join();
      };
      w.when(Verb::head, answered ? std::function<void()>() : go,
             answered ? go : std::function<void()>());
      const auto opened = w.files->open(ino, O_RDONLY);
      CHECK(gone);
      // The kernel looks the name up again, which then leads to another file or nowhere.
      CHECK((!opened && opened.error().err == ESTALE));
    }
  }
}

TEST_CASE("our own fsync is no other's version for an open that asks meanwhile") {
  World w;
  w.store.put_raw("f", "one");
  const InodeId ino = w.look("f");
  const HandleId writer = w.open(ino, O_RDWR);
  REQUIRE(writer != 0);
  w.clock.advance(2s);
  w.when(Verb::head, {}, [&] {
    w.clock.advance(1ms);
    REQUIRE(w.files->write(writer, 0, std::string("two")));
    REQUIRE(w.files->fsync(writer));
  });
  const auto opened = w.files->open(ino, O_RDONLY);
  INFO((opened ? "opened" : opened.error().text));
  CHECK(opened);
  REQUIRE(w.files->write(writer, 0, std::string("three")));
  CHECK(w.files->fsync(writer));
  CHECK(w.stored("f") == "three");
}

TEST_CASE("our own fsync is no other's version for a lookup that asks meanwhile") {
  World w;
  w.store.put_raw("f", "one");
  const HandleId writer = w.open(w.look("f"), O_RDWR);
  w.clock.advance(901s);
  w.when(Verb::head, [&] {
    w.clock.advance(1ms);
    REQUIRE(w.files->write(writer, 0, std::string("two")));
    REQUIRE(w.files->fsync(writer));
  });
  w.look("f");
  REQUIRE(w.files->write(writer, 0, std::string("three")));
  CHECK(w.files->fsync(writer));
  CHECK(w.stored("f") == "three");
}

/// As the kernel does: whom an open tells that the file is stale looks the name up and tries again.
HandleId open_name(World& w, const char* name, int flags) {
  auto opened = w.files->open(w.look(name), flags);
  if (!opened && opened.error().err == ESTALE) opened = w.files->open(w.look(name), flags);
  return opened ? opened->handle : 0;
}

TEST_CASE("who opens a file again that was stale when it was read gets the version there is") {
  World w;
  const std::string newer(200, 'b');
  w.store.put_raw("f", std::string(300'000, 'a'));
  const HandleId first = open_name(w, "f", O_RDONLY);
  REQUIRE(first != 0);
  w.store.put_raw("f", newer);
  CHECK(w.read(first, 100, 200'000) == "error " + std::to_string(ESTALE));
  const HandleId second = open_name(w, "f", O_RDONLY);
  REQUIRE(second != 0);
  CHECK(w.read(second, 1'000) == newer);
  w.files->release(first);
  CHECK(w.read(second, 1'000) == newer);
}

TEST_CASE(
    "who appends again to a file that was stale when it was closed appends to what there is") {
  World w;
  w.store.put_raw("f", "old");
  const auto append = [&] {
    const HandleId handle = open_name(w, "f", O_WRONLY | O_APPEND);
    if (handle == 0) return Status(Error{EBADF, "not opened"});
    const std::uint64_t end = w.files->getattr(w.look("f"))->size;
    REQUIRE(w.files->write(handle, end, std::string("+more")));
    auto flushed = w.files->flush(handle);
    w.files->release(handle);
    return flushed;
  };
  w.look("f");
  w.store.put_raw("f", "newer content");
  const Status first = append();
  REQUIRE_FALSE(first);
  CHECK(first.error().err == ESTALE);
  CHECK(w.stored("f") == "newer content");
  CHECK(append());
  CHECK(w.stored("f") == "newer content+more");
}

TEST_CASE("the kernel does not keep the pages of a version that somebody has replaced") {
  World w;
  w.store.put_raw("f", "old");
  const InodeId ino = w.look("f");
  const HandleId first = w.open(ino, O_RDONLY);
  CHECK(w.read(first) == "old");
  w.files->release(first);
  w.store.put_raw("f", "new");
  w.clock.advance(2s);
  SECTION("when its mode is changed here then") {
    SetAttr change;
    change.mode = 0600;
    REQUIRE(w.files->setattr(ino, change));
  }
  SECTION("when it is renamed here then") {
    w.clock.advance(6s);
    const auto directory = w.files->opendir(kRootInode);
    REQUIRE(directory);
    REQUIRE(w.files->readdir(*directory, 0, false, [](const auto&) { return true; }));
    REQUIRE(w.look("f") == ino);
    REQUIRE(w.files->rename(kRootInode, "f", kRootInode, "g", false));
  }
  const auto again = w.files->open(ino, O_RDONLY);
  REQUIRE(again);
  CHECK_FALSE(again->keep_page_cache);
  CHECK(w.read(again->handle) == "new");
}

TEST_CASE("the kernel keeps the pages of what was written or changed through it") {
  World w;
  const auto made = w.files->create(kRootInode, "f", 0644, O_RDWR, Caller{});
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string("bytes")));
  REQUIRE(w.files->flush(made->handle));
  w.files->release(made->handle);
  SetAttr change;
  change.mode = 0600;
  REQUIRE(w.files->setattr(made->attr.ino, change));
  REQUIRE(w.files->rename(kRootInode, "f", kRootInode, "g", false));
  const auto again = w.files->open(made->attr.ino, O_RDONLY);
  REQUIRE(again);
  CHECK(again->keep_page_cache);
}

TEST_CASE("a directory's rename does not lead an open handle to another version") {
  World w;
  w.store.put_raw("d/f", std::string(300'000, 'o'));
  const InodeId d = w.look("d");
  const HandleId handle = w.open(w.look("f", d), O_RDONLY);
  CHECK(w.read(handle, 3) == "ooo");
  w.store.put_raw("d/f", std::string(300'000, 'n'));
  REQUIRE(w.files->rename(kRootInode, "d", kRootInode, "e", false));
  CHECK(w.read(handle, 3, 290'000) == "error " + std::to_string(ESTALE));
}

TEST_CASE("a file can be read while it is being renamed") {
  World w;
  w.store.put_raw("f", std::string(1'000'000, 'x'));
  const HandleId handle = w.open(w.look("f"), O_RDONLY);
  std::string got;
  w.when(Verb::remove, {}, [&] { w.beside([&] { got = w.read(handle, 3, 900'000); }); });
  REQUIRE(w.files->rename(kRootInode, "f", kRootInode, "g", false));
  w.other.join();
  CHECK(got == "xxx");
}

TEST_CASE("a file can be read while its directory is being renamed") {
  World w;
  w.store.put_raw("d/f", std::string(1'000'000, 'x'));
  const HandleId handle = w.open(w.look("f", w.look("d")), O_RDONLY);
  std::string got;
  w.when(Verb::remove_many, {}, [&] { w.beside([&] { got = w.read(handle, 3, 900'000); }); });
  REQUIRE(w.files->rename(kRootInode, "d", kRootInode, "e", false));
  w.other.join();
  CHECK(got == "xxx");
}

/// A file in a directory that is larger than memory and being sent while it is written.
struct Streamed : World {
  static Config small() {
    Config config;
    config.multipart_size = 5 * kMiB;
    config.memory_limit = 32 * kMiB;
    return config;
  }
  Streamed() : World(small()) {
    const auto d = files->mkdir(kRootInode, "d", 0755, Caller{});
    REQUIRE(d);
    const auto made = files->create(d->ino, "f", 0644, O_RDWR, Caller{});
    REQUIRE(made);
    handle = made->handle;
    const auto beside_it = files->create(d->ino, "g", 0644, O_RDWR, Caller{});
    REQUIRE(beside_it);
    REQUIRE(files->write(beside_it->handle, 0, std::string("g")));
    REQUIRE(files->flush(beside_it->handle));
    REQUIRE(write(0, 23));
    for (int i = 0; i < 500 && store.count().upload_part < 4; ++i) std::this_thread::sleep_for(5ms);
  }
  bool write(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) {
      const std::string bytes(kMiB, static_cast<char>('a' + i % 26));
      if (!files->write(handle, i * kMiB, bytes)) return false;
    }
    return true;
  }
  HandleId handle = 0;
};

TEST_CASE("what is written or read during a directory's rename does not stay behind") {
  Streamed w;
  bool right = false;
  const bool reads = GENERATE(true, false);
  w.when(Verb::copy, {}, [&] {
    w.beside([&] {
      // Memory is short: the front of the file is in the unfinished upload alone.
      right = w.write(23, 40) && (reads ? w.read(w.handle, 3) == "aaa" : w.write(0, 1));
    });
  });
  REQUIRE(w.files->rename(kRootInode, "d", kRootInode, "e", false));
  w.other.join();
  CHECK(right);
  CHECK(w.files->flush(w.handle));
  CHECK(w.store.object("e/f").has_value());
  CHECK_FALSE(w.store.object("d/f").has_value());
}

TEST_CASE("a large file that is renamed while it is written is stored under its new name") {
  Streamed w;
  const bool whole_directory = GENERATE(true, false);
  if (whole_directory) {
    REQUIRE(w.files->rename(kRootInode, "d", kRootInode, "e", false));
  } else {
    REQUIRE(w.files->rename(w.look("d"), "f", w.look("d"), "h", false));
  }
  REQUIRE(w.write(23, 60));
  CHECK(w.files->flush(w.handle));
  CHECK(w.files->flush(w.handle));
  const std::string key = whole_directory ? "e/f" : "d/h";
  const std::string stored = w.stored(key);
  REQUIRE(stored.size() == 60 * kMiB);
  for (std::uint64_t i = 0; i < 60; ++i) {
    REQUIRE(stored[i * kMiB] == static_cast<char>('a' + i % 26));
  }
  CHECK_FALSE(w.store.object("d/f").has_value());
}

TEST_CASE("a write refused for want of room leaves a stored file as it is") {
  Config config;
  config.memory_limit = std::uint64_t{8} * 65536;
  config.disk.pretended_free = 0;
  World w(config);
  const auto full = w.files->create(kRootInode, "full", 0644, O_RDWR, Caller{});
  REQUIRE(full);
  REQUIRE(w.files->write(full->handle, 0, std::string(std::size_t{5} * 65536, 'x')));
  const auto made = w.files->create(kRootInode, "f", 0644, O_RDWR, Caller{});
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string(65536, 'a')));
  REQUIRE(w.files->fsync(made->handle));
  const auto refused = w.files->write(made->handle, 0, std::string(131072, 'b'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == ENOSPC);
  CHECK(w.read(made->handle, 3) == "aaa");
  REQUIRE(w.files->flush(made->handle));
  w.files->release(made->handle);
  CHECK(w.stored("f") == std::string(65536, 'a'));
  CHECK(w.read(w.open(made->attr.ino, O_RDONLY), 3) == "aaa");
}

TEST_CASE("a file that cannot be stored can be removed") {
  Streamed w;
  REQUIRE(w.write(23, 60));
  test::Fault refusal;
  refusal.verb = Verb::complete_upload;
  w.faults.add(refusal);
  CHECK_FALSE(w.files->flush(w.handle));
  w.files->release(w.handle);
  CHECK(w.files->unlink(w.look("d"), "f"));
}

TEST_CASE("a file that somebody deleted and we changed in part is stale when it is closed") {
  World w;
  w.store.put_raw("f", std::string(100'000, 'x'));
  const HandleId writer = w.open(w.look("f"), O_RDWR);
  w.store.remove_raw("f");
  REQUIRE(w.files->write(writer, 5, std::string("y")));
  const Status closed = w.files->flush(writer);
  REQUIRE_FALSE(closed);
  CHECK(closed.error().err == ESTALE);
  w.files->release(writer);
  CHECK(w.stored("f") == "none");
}

}  // namespace
}  // namespace pailfs::fs
