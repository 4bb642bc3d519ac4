// SPDX-License-Identifier: Apache-2.0
// Two threads at one file: what one of them does falls between the question and the answer of the
// other.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::Verb;

constexpr std::uint64_t kMiB = 1U << 20U;

struct World : test::FsWorld {
  using FsWorld::FsWorld;
  ~World() { other.reset(); }

  /// Does it on another thread, which has to wait for what the caller's request holds.
  void waits_beside(std::function<void()> what) {
    start(std::move(what));
    met = other->waits();
  }
  /// Likewise, but comes to its end while the caller's request stands.
  void ends_beside(std::function<void()> what) {
    start(std::move(what));
    met = other->ends();
  }
  /// The other thread was there while the request stood, and has come to its end since.
  bool met_other() { return met && other->ends(); }

  std::atomic<bool> met = false;
  std::unique_ptr<test::Beside> other;

 private:
  void start(std::function<void()> what) {
    other = std::make_unique<test::Beside>([what = std::move(what)] {
      what();
      return true;
    });
  }
};

TEST_CASE("a file opened while it is being removed is gone and never zeros") {
  World w;
  w.store.put_raw("f", "stored bytes");
  const InodeId ino = w.look("f");
  int err = 0;
  w.when(Verb::remove, [&] { w.waits_beside([&] { err = w.open_error(ino, O_RDONLY); }); });
  REQUIRE(w.files->unlink(kRootInode, "f"));
  CHECK(w.met_other());
  CHECK(err == ESTALE);
}

TEST_CASE("a read of a killed caller may outlast the release of its handle") {
  World w;
  w.store.put_raw("f", std::string(kMiB, 'x'));
  const HandleId handle = w.must_open(w.look("f"), O_RDONLY);
  test::Fault fault;
  fault.verb = Verb::get;
  const int err = GENERATE(0, EIO, ESTALE);
  fault.action = err == 0 ? test::Fault::Action::none : test::Fault::Action::fail;
  fault.error = {err, "injected"};
  std::atomic<bool> released = false;
  fault.before = [&](const test::StoreCall&) {
    if (!released.exchange(true)) w.files->release(handle);
  };
  w.faults.add(fault);
  CHECK(w.read(handle, 10) == (err == 0 ? "xxxxxxxxxx" : "error " + std::to_string(err)));
  CHECK(released);
  CHECK(w.read(handle, 10) == "error " + std::to_string(EBADF));
}

TEST_CASE("the last close of a refused file falls into its renaming") {
  World w;
  w.store.put_raw("victim", "old");  // the file hides it, so that the renaming removes it
  const auto made = w.create("t", O_RDWR);
  REQUIRE(w.files->write(made.handle, 0, std::string_view("new bytes")));
  REQUIRE(w.rename("t", "victim"));
  w.fail(Verb::put, World::refused(EPERM, Refusal::forbidden));
  CHECK(w.files->flush(made.handle).error().err == EPERM);
  const HandleId reader = w.must_open(w.look("victim"), O_RDONLY);
  CHECK(w.close(made.handle).error().err == EPERM);
  std::atomic<bool> closed = false;
  const auto close = [&] {
    if (!closed.exchange(true)) w.files->release(reader);
  };
  w.when(Verb::remove, close);
  CHECK(w.rename("victim", "other"));
  CHECK(closed);
  // It was never stored, as both closes were told.
  CHECK(w.stored("other") == "none");
  CHECK(w.look("victim") == 0);
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
    static_cast<void>(w.rename("t", "f"));
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("a last close does not discard what is just being stored") {
  World w;
  const auto made = w.create("f", O_RDWR);
  const HandleId reader = w.open(made.attr.ino, O_RDONLY);
  REQUIRE(w.files->write(made.handle, 0, std::string("written")));
  w.fail(Verb::put, World::refused(EACCES, Refusal::forbidden));
  CHECK_FALSE(w.close(made.handle));
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
    w.waits_beside([&] { handle = w.open(ino, O_RDONLY); });
  };
  refusal.times = 1;
  w.faults.add(refusal);
  REQUIRE_FALSE(w.files->unlink(kRootInode, "f"));
  CHECK(w.met_other());
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
  w.when(Verb::copy, [&] { w.waits_beside([&] { err = w.open_error(ino, O_RDONLY); }); });
  REQUIRE(w.rename("f.tmp", "f"));
  CHECK(w.met_other());
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
  test::Gate listed;
  w.when(Verb::list, {}, [&] { listed.open(); });
  bool beside_listing = false;
  between.after = [&](const test::StoreCall&) {
    beside_listing = listed.pass();  // the listing is asked for beside, and shows a directory
    std::thread(replace).join();
  };
  w.faults.add(between);
  // As the kernel asks about a name that it has had for a second: others may change it meanwhile.
  const auto found = w.files->lookup(kRootInode, "f");
  CHECK(beside_listing);
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
    w.waits_beside([&] { second = w.open(ino, O_RDONLY); });
  });
  REQUIRE(w.files->unlink(kRootInode, "f"));
  CHECK(w.met_other());
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
    REQUIRE(w.rename("f", "g"));
  }
  const auto again = w.files->open(ino, O_RDONLY);
  REQUIRE(again);
  CHECK_FALSE(again->keep_page_cache);
  CHECK(w.read(again->handle) == "new");
}

TEST_CASE("the kernel keeps the pages of what was written or changed through it") {
  World w;
  const auto made = w.create("f", O_RDWR);
  REQUIRE(w.files->write(made.handle, 0, std::string("bytes")));
  REQUIRE(w.files->flush(made.handle));
  w.files->release(made.handle);
  SetAttr change;
  change.mode = 0600;
  REQUIRE(w.files->setattr(made.attr.ino, change));
  REQUIRE(w.rename("f", "g"));
  const auto again = w.files->open(made.attr.ino, O_RDONLY);
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
  REQUIRE(w.rename("d", "e"));
  CHECK(w.read(handle, 3, 290'000) == "error " + std::to_string(ESTALE));
}

TEST_CASE("a file can be read while it is being renamed") {
  World w;
  w.store.put_raw("f", std::string(1'000'000, 'x'));
  const HandleId handle = w.open(w.look("f"), O_RDONLY);
  std::string got;
  w.when(Verb::remove, {}, [&] { w.waits_beside([&] { got = w.read(handle, 3, 900'000); }); });
  REQUIRE(w.rename("f", "g"));
  CHECK(w.met_other());
  CHECK(got == "xxx");
}

TEST_CASE("a file can be read while its directory is being renamed") {
  World w;
  w.store.put_raw("d/f", std::string(1'000'000, 'x'));
  const HandleId handle = w.open(w.look("f", w.look("d")), O_RDONLY);
  std::string got;
  w.when(Verb::remove_many, {}, [&] { w.waits_beside([&] { got = w.read(handle, 3, 900'000); }); });
  REQUIRE(w.rename("d", "e"));
  CHECK(w.met_other());
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
    handle = create("f", O_RDWR, d->ino).handle;
    const HandleId beside_it = create("g", O_RDWR, d->ino).handle;
    REQUIRE(files->write(beside_it, 0, std::string("g")));
    REQUIRE(files->flush(beside_it));
    REQUIRE(write(0, 23));
    REQUIRE(test::eventually([&] { return store.count().upload_part >= 4; }));
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
    w.ends_beside([&] {
      // Memory is short: the front of the file is in the unfinished upload alone.
      right = w.write(23, 40) && (reads ? w.read(w.handle, 3) == "aaa" : w.write(0, 1));
    });
  });
  REQUIRE(w.rename("d", "e"));
  CHECK(w.met_other());
  CHECK(right);
  CHECK(w.files->flush(w.handle));
  CHECK(w.store.object("e/f").has_value());
  CHECK_FALSE(w.store.object("d/f").has_value());
}

TEST_CASE("a large file that is renamed while it is written is stored under its new name") {
  Streamed w;
  const bool whole_directory = GENERATE(true, false);
  if (whole_directory) {
    REQUIRE(w.rename("d", "e"));
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
  REQUIRE(
      w.files->write(w.create("full", O_RDWR).handle, 0, std::string(std::size_t{5} * 65536, 'x')));
  const auto made = w.create("f", O_RDWR);
  REQUIRE(w.files->write(made.handle, 0, std::string(65536, 'a')));
  REQUIRE(w.files->fsync(made.handle));
  const auto refused = w.files->write(made.handle, 0, std::string(131072, 'b'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == ENOSPC);
  CHECK(w.read(made.handle, 3) == "aaa");
  REQUIRE(w.files->flush(made.handle));
  w.files->release(made.handle);
  CHECK(w.stored("f") == std::string(65536, 'a'));
  CHECK(w.read(w.open(made.attr.ino, O_RDONLY), 3) == "aaa");
}

TEST_CASE("a file that cannot be stored can be removed") {
  Streamed w;
  REQUIRE(w.write(23, 60));
  w.fail(Verb::complete_upload);
  CHECK_FALSE(w.close(w.handle));
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
