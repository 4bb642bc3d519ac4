// SPDX-License-Identifier: Apache-2.0
// What is forgotten on demand, and what is not.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/scratch_directory.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

struct World : test::FsWorld {
  using FsWorld::FsWorld;

  /// The numbers that the kernel is told to forget.
  std::vector<InodeId> refresh(std::string_view path) const {
    std::vector<InodeId> told;
    const auto done = files->refresh(path, [&](InodeId ino) { told.push_back(ino); });
    REQUIRE(done);
    CHECK(done->inodes == told.size());
    std::sort(told.begin(), told.end());
    return told;
  }
};

}  // namespace

TEST_CASE("after the refresh of a name its directory is not listed from where a reader left off") {
  test::StoreLimits limits;
  limits.page = 2;
  World w(Config{}, limits);
  w.store.put_raw("b", "x");
  REQUIRE(w.list().size() == 1);
  w.clock.advance(10s);
  for (const char* name : {"c", "d", "e"}) w.store.put_raw(name, "x");
  REQUIRE(w.look("absent") == 0);  // by the first page of the directory, which had one only
  w.clock.advance(1ms);
  w.store.put_raw("a", "x");
  w.clock.advance(1ms);
  w.refresh("a");
  CHECK(w.list() == std::vector<std::string>{"a", "b", "c", "d", "e"});
}

TEST_CASE("after a refresh the next look at each name asks the store") {
  World w;
  w.store.put_raw("d/kept", "1");
  w.store.put_raw("d/gone", "1");
  w.store.put_raw("d/other", "old");
  const InodeId d = w.must_look("d");
  const InodeId kept = w.must_look("kept", d);
  const InodeId gone = w.must_look("gone", d);
  const InodeId other = w.must_look("other", d);
  REQUIRE(w.look("new", d) == 0);
  REQUIRE(w.list(d).size() == 3);
  REQUIRE(w.store.remove_raw("d/gone"));
  w.store.put_raw("d/other", "something else");
  w.store.put_raw("d/new", "there");
  const auto look = [&](const char* name, const std::string& top) {
    CAPTURE(top);
    CHECK(w.look(name, d) != 0);
  };
  SECTION("nothing of it is seen before") {
    CHECK(w.cost([&] {
      CHECK(w.look("new", d) == 0);
      CHECK(w.look("gone", d) == gone);
      CHECK(w.files->getattr(other)->size == 3);
      CHECK(w.list(d).size() == 3);
    }) == "none");
  }
  SECTION("of a directory") {
    CHECK(w.refresh("d") == [&] {
      std::vector<InodeId> all{d, kept, gone, other};
      std::sort(all.begin(), all.end());
      return all;
    }());
    CHECK(w.list(d) == std::vector<std::string>{"kept", "new", "other"});
    look("new", "d");
    CHECK(w.look("gone", d) == 0);
    CHECK(w.files->getattr(other)->size == 14);
    CHECK(w.read_file(other) == "something else");
  }
  SECTION("of the root") {
    w.refresh("");
    look("new", "");
    CHECK(w.look("gone", d) == 0);
    CHECK(w.must_look("other", d) == other);
  }
  SECTION("of one name") {
    CHECK(w.refresh("d/new").empty());
    look("new", "d/new");
    CHECK(w.cost([&] { CHECK(w.files->getattr(other)->size == 3); }) == "none");
  }
  SECTION("and not of another directory") {
    w.refresh("e");
    CHECK(w.cost([&] { CHECK(w.files->getattr(other)->size == 3); }) == "none");
  }
}

TEST_CASE("a refresh sends nothing, and what follows costs what it did at first") {
  Config config;
  config.memory_limit = 64U << 20U;
  World w(config);
  w.store.put_raw("d/f", "bytes");
  const InodeId d = w.must_look("d");
  const auto all = [&] {
    w.list(d);
    CHECK(w.read_file(w.must_look("f", d)) == "bytes");
  };
  all();
  CHECK(w.cost(all) == "none");
  CHECK(w.cost([&] { w.refresh("d"); }) == "none");
  CHECK(w.cost(all) == "get 1, list 1");
  CHECK(w.cost(all) == "none");
}

TEST_CASE("a refresh leaves what is not stored, and open files with their version") {
  World w;
  w.store.put_raw("clean", "version one");
  const HandleId clean = w.must_open(w.must_look("clean"), O_RDONLY);
  REQUIRE(w.read(clean) == "version one");
  const auto made = w.create("unstored", O_RDWR);
  REQUIRE(w.files->write(made.handle, 0, std::string("not stored")));
  w.store.put_raw("clean", "version two, longer");
  const auto done = w.files->refresh("", [](InodeId) {});
  REQUIRE(done);
  CHECK(done->open_files);
  CHECK(w.read(made.handle) == "not stored");
  CHECK(w.must_look("unstored") == made.attr.ino);
  // Its bytes are here still, of one version.
  CHECK(w.cost([&] { CHECK(w.read(clean) == "version one"); }) == "none");
  CHECK(w.read_file("clean") == "version two, longer");
  REQUIRE(w.close(made.handle));
  CHECK(w.stored("unstored") == "not stored");
}

TEST_CASE("bytes that were read are fetched anew after a refresh, in memory and on the disk") {
  const test::ScratchDirectory cache;
  for (const bool on_disk : {false, true}) {
    CAPTURE(on_disk);
    Config config;
    config.memory_limit = 64U << 20U;
    if (on_disk) {
      config.kept_directory = cache.path();
      config.kept_bytes = 64U << 20U;
    }
    World w(config);
    w.store.put_raw("d/f", std::string(200'000, 'x'));
    w.store.put_raw("e/f", std::string(200'000, 'y'));
    const auto read_all = [&](const char* directory) {
      const HandleId handle = w.must_open(w.must_look("f", w.must_look(directory)), O_RDONLY);
      CHECK(w.read(handle, 200'000).size() == 200'000);
      w.files->release(handle);
    };
    read_all("d");
    read_all("e");
    w.refresh("d");
    const auto before = w.store.count();
    read_all("e");
    CHECK(w.store.count().get == before.get);
    read_all("d");
    CHECK(w.store.count().get > before.get);
    const auto again = w.store.count();
    read_all("d");
    CHECK(w.store.count().get == again.get);
  }
}

TEST_CASE("an answer that was asked for before a refresh teaches nothing") {
  World w;
  w.store.put_raw("f", "old");
  test::Gate gate;
  w.stop(gate, test::Verb::head, "f", true);
  test::Beside early([&] { return w.look("f") != 0; });
  REQUIRE(early.waits());
  w.clock.advance(1ms);
  w.store.put_raw("f", "new one");
  w.refresh("");
  const InodeId ino = w.look("f");  // does not join the request under way
  REQUIRE(ino != 0);
  CHECK(w.files->getattr(ino)->size == 7);
  gate.open();
  CHECK(early.ends());
  CHECK(w.files->getattr(ino)->size == 7);
}

TEST_CASE("a file that we have changed is not shown by a request from before the change") {
  Config config;
  config.attribute_ttl = 1s;
  World w(config);
  const HandleId handle = w.create("f", O_WRONLY).handle;
  const auto store = [&](const std::string& text) {
    REQUIRE(w.files->write(handle, 0, text));
    REQUIRE(w.files->fsync(handle));
    // Nothing is known of it but its name.
    w.clock.advance(2s);
    REQUIRE(w.list() == std::vector<std::string>{"f"});
  };
  store("old");
  test::Gate gate;
  w.stop(gate, test::Verb::head, "f", true);
  test::Beside early([&] { return w.look("f") != 0; });
  REQUIRE(early.waits());
  w.clock.advance(1ms);
  store("new one");
  test::Beside late([&] { return w.files->lookup(kRootInode, "f")->size == 7; });
  CHECK(late.ends());
  gate.open();
  CHECK(early.ends());
  CHECK(w.files->lookup(kRootInode, "f")->size == 7);
  REQUIRE(w.close(handle));
}

TEST_CASE("what is no path of a mount is refused") {
  World w;
  for (const char* path : {"/", "a//b", "a/", "..", "a/../b", "."}) {
    CAPTURE(path);
    const auto done = w.files->refresh(path, [](InodeId) {});
    CHECK((!done && done.error().err == EINVAL));
  }
  CHECK(w.files->refresh("never/heard/of", [](InodeId) {}));
}

TEST_CASE("after a refresh it is asked whether there is something of a name") {
  World w;
  w.store.put_raw("d/was", "x");
  const InodeId d = w.must_look("d");
  w.must_look("was", d);
  REQUIRE(w.look("new", d) == 0);
  w.store.put_raw("d/new", "theirs");
  REQUIRE(w.store.remove_raw("d/was"));
  w.create("unstored", O_RDWR);
  for (const auto& [path, there] :
       {std::pair("d/new", true), std::pair("d/was", false), std::pair("d", true),
        std::pair("", true), std::pair("unstored", true), std::pair("never/heard/of", false)}) {
    CAPTURE(path);
    w.refresh(path);
    const auto found = w.files->is_there(path);
    REQUIRE(found);
    CHECK(*found == there);
  }
  // Of what was absent nothing is remembered.
  w.store.put_raw("d/was", "again");
  CHECK(w.look("was", d) != 0);
  CHECK(w.files->is_there("a//b").error().err == EINVAL);
  test::Fault fault;
  fault.verb = test::Verb::head;
  w.faults.add(fault);
  w.refresh("d/was");
  CHECK_FALSE(w.files->is_there("d/was"));
}

TEST_CASE("a refresh of very many names takes no time") {
  World w;
  constexpr int kNames = 100'000;
  for (int i = 0; i < kNames; ++i) w.store.put_raw("d/n" + std::to_string(1'000'000 + i), "x");
  const InodeId d = w.must_look("d");
  REQUIRE(w.list(d).size() == kNames);
  for (int i = 0; i < kNames; i += 10) REQUIRE(w.look("n" + std::to_string(1'000'000 + i), d) != 0);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(w.refresh("").size() == kNames / 10 + 2);
  CHECK(std::chrono::steady_clock::now() - begin < 2s);
}

TEST_CASE("threads that read, write and list go on while another refreshes") {
  World w;
  w.clock.tick();
  for (int i = 0; i < 50; ++i) w.store.put_raw("d/f" + std::to_string(i), "bytes");
  std::atomic<bool> over = false;
  std::mutex heard_mutex;
  std::vector<std::string> heard;
  const auto wrong = [&](std::string what) {
    const std::lock_guard lock(heard_mutex);
    heard.push_back(std::move(what));
  };
  const auto read = [&](InodeId d, const std::string& name) {
    const auto found = w.files->lookup(d, name);
    if (!found) return wrong("lookup of " + name + ": " + found.error().text);
    const std::string bytes = w.read_file(found->ino);
    if (bytes != "bytes") wrong("read of " + name + ": " + bytes);
  };
  const auto write = [&](InodeId d, const std::string& name, int round) {
    // Another thread that lists may have told the kernel the size of before: it looks again.
    auto made = w.files->create(d, name, 0644, O_WRONLY, Caller{});
    for (int tries = 0; !made && made.error().err == ESTALE && tries < 5; ++tries)
      made = w.files->create(d, name, 0644, O_WRONLY, Caller{});
    if (!made) return wrong("open of " + name + ": " + made.error().text);
    const std::string text(static_cast<std::size_t>(round % 19 + 1), 'x');
    const auto written = w.files->write(made->handle, 0, text);
    if (!written) wrong("write of " + name + ": " + written.error().text);
    const Status closed = w.close(made->handle);
    if (!closed) wrong("close of " + name + ": " + closed.error().text);
  };
  const auto list = [&](InodeId d) {
    const auto handle = w.files->opendir(d);
    if (!handle) return wrong("opendir: " + handle.error().text);
    std::size_t count = 0;
    const Status done =
        w.files->readdir(*handle, 0, true, [&](const DirEntry&) { return ++count > 0; });
    if (!done) wrong("readdir: " + done.error().text);
    if (count < 50) wrong("readdir: " + std::to_string(count) + " names");
    w.files->releasedir(*handle);
  };
  const auto work = [&](int number) {
    for (int i = 0; !over; ++i) {
      const auto d = w.files->lookup(kRootInode, "d");
      if (!d) {
        wrong("lookup of d: " + d.error().text);
      } else if (number % 2 == 0) {
        read(d->ino, "f" + std::to_string((i * 7 + number) % 50));
      } else {
        write(d->ino, "own" + std::to_string(number), i);
        list(d->ino);
      }
    }
  };
  std::list<std::thread> threads;
  for (int number = 0; number < 8; ++number) threads.emplace_back(work, number);
  for (int i = 0; i < 200; ++i) {
    static_cast<void>(w.files->refresh(i % 2 == 0 ? "" : "d", [](InodeId) {}));
    std::this_thread::sleep_for(1ms);
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(heard == std::vector<std::string>());
}

TEST_CASE("the attributes of a file that is gone are ESTALE, upon which the kernel looks again") {
  World w;
  w.store.put_raw("f", "1");
  const InodeId f = w.must_look("f");
  REQUIRE(w.store.remove_raw("f"));
  w.refresh("");
  CHECK(w.files->getattr(f).error().err == ESTALE);
  CHECK(w.look_error("f") == ENOENT);
}
