// SPDX-License-Identifier: Apache-2.0
// Readers at the end of a file that others append to.
#include <fcntl.h>

#include <optional>
#include <string>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

Config with_memory() {
  Config config;
  config.memory_limit = 64U << 20U;
  return config;
}

/// A file, and a reader of it that has read to its end and asked for more once.
struct World : test::FsWorld {
  explicit World(const std::string& text = "line 1\n", const Config& config = with_memory())
      : FsWorld(config) {
    store.put_raw("f", text);
    ino = must_look("f");
    handle = must_open(ino, O_RDONLY);
    REQUIRE(read(handle, text.size() + 1) == text);
    clock.advance(1s);
    REQUIRE(size() == text.size());
    clock.advance(1s);
  }

  /// As fstat(2) tells it; "error N" when it fails.
  std::optional<std::uint64_t> size() const {
    const auto attr = files->getattr(ino);
    if (!attr) return std::nullopt;
    return attr->size;
  }
  int error() const {
    const auto attr = files->getattr(ino);
    return attr ? 0 : attr.error().err;
  }

  InodeId ino = 0;
  HandleId handle = 0;
};

}  // namespace

TEST_CASE("a reader at the end gets what another client appends, line by line") {
  World w;
  std::string text = "line 1\n";
  for (int i = 2; i < 20; ++i) {
    CHECK(w.cost([&] { CHECK(w.size() == text.size()); }) == "head 1");
    w.clock.advance(1s);
    const std::string line = "line " + std::to_string(i) + "\n";
    const std::size_t before = text.size();
    text += line;
    w.store.put_raw("f", text);
    // The proof brings the new bytes too.
    CHECK(w.cost([&] {
      CHECK(w.size() == text.size());
      CHECK(w.read(w.handle, 100, before) == line);
    }) == "head 1, get 1");
    CHECK(w.cost([&] { CHECK(w.size() == text.size()); }) == "none");
    w.clock.advance(1s);
  }
  // By its name it is the same file.
  CHECK(w.must_look("f") == w.ino);
  CHECK(w.read(w.handle, 1'000) == text);
}

TEST_CASE("reading at the end again does the same where no attributes are asked for") {
  World w;
  w.store.put_raw("f", "line 1\nline 2\n");
  CHECK(w.read(w.handle, 100, 7) == "line 2\n");
  CHECK(w.read(w.handle, 100, 14).empty());
  w.clock.advance(2s);
  w.store.put_raw("f", "line 1\nother\n");
  CHECK(w.read(w.handle, 100, 14) == "error " + std::to_string(ESTALE));
}

TEST_CASE("a reader at the end of a file that was replaced, cut or removed gets ESTALE") {
  for (const char* now : {"other text and more", "line", "line 2\n", "", "(removed)"}) {
    CAPTURE(now);
    World w;
    if (std::string(now) == "(removed)") {
      REQUIRE(w.store.remove_raw("f"));
    } else {
      w.store.put_raw("f", now);
    }
    CHECK(w.error() == ESTALE);
    CHECK(w.cost([&] { CHECK(w.error() == ESTALE); }) == "none");
    CHECK(w.read(w.handle, 100, 7) == "error " + std::to_string(ESTALE));
    // Its bytes are of its version still.
    CHECK(w.read(w.handle, 4) == "line");
    const InodeId named = w.look("f");
    CHECK(named != w.ino);
    if (named != 0) CHECK(w.read_file(named) == now);
    CHECK(w.error() == ESTALE);
  }
}

TEST_CASE("a name that leads to the longer version is the file that is followed") {
  for (const bool opened : {false, true}) {
    CAPTURE(opened);
    World w;
    CHECK(w.size() == 7U);
    w.clock.advance(500ms);
    w.store.put_raw("f", "line 1\nline 2\n");
    w.clock.advance(700ms);
    if (opened) {
      CHECK(w.open_error(w.ino, O_RDONLY) == ESTALE);  // the kernel has another size
    }
    REQUIRE(w.files->refresh("f", [](InodeId) {}));
    CHECK(w.must_look("f") == w.ino);
    CHECK(w.read(w.handle, 100) == "line 1\nline 2\n");
    CHECK(w.read_file(w.ino) == "line 1\nline 2\n");
  }
}

TEST_CASE("a file that was looked up anew before its reader asked is not followed in silence") {
  World w;
  w.store.put_raw("f", "replaced");
  w.clock.advance(1h);
  const InodeId named = w.must_look("f");
  CHECK(named != w.ino);
  CHECK(w.error() == ESTALE);
}

TEST_CASE("who reads to the end and closes sends nothing more, however slowly") {
  test::FsWorld w(with_memory());
  w.store.put_raw("f", "text");
  const InodeId ino = w.must_look("f");
  CHECK(w.cost([&] {
    for (int i = 0; i < 5; ++i) {
      const HandleId handle = w.must_open(ino, O_RDONLY);
      CHECK(w.read(handle) == "text");
      w.clock.advance(200ms);
      CHECK(w.files->getattr(ino));
      w.files->release(handle);
    }
  }) == "get 1");
  w.store.put_raw("g", "text");
  const InodeId slow = w.must_look("g");
  w.store.reset_count();
  const HandleId handle = w.must_open(slow, O_RDONLY);
  CHECK(w.read(handle, 2) == "te");
  const auto opened = w.store.count().text();
  w.clock.advance(2s);
  CHECK(w.files->getattr(slow));
  CHECK(w.read(handle, 2, 2) == "xt");
  w.clock.advance(2s);
  CHECK(w.read(handle, 2, 4).empty());
  w.files->release(handle);
  CHECK(w.store.count().text() == opened);
}

TEST_CASE("a file that is open for writing here is not asked about") {
  World w;
  const HandleId writer = w.must_open(w.ino, O_WRONLY | O_APPEND);
  CHECK(w.cost([&] {
    for (int i = 0; i < 5; ++i) {
      CHECK(w.size() == 7U);
      w.clock.advance(1s);
    }
  }) == "none");
  REQUIRE(w.files->write(writer, 7, std::string("line 2\n"), {.appends = true}));
  CHECK(w.size() == 14U);
  REQUIRE(w.close(writer));
  CHECK(w.read(w.handle, 100, 7) == "line 2\n");
  // Afterwards others' appends are seen again.
  w.clock.advance(2s);
  w.store.put_raw("f", "line 1\nline 2\nline 3\n");
  CHECK(w.size() == 21U);
  CHECK(w.read(w.handle, 100, 14) == "line 3\n");
}

TEST_CASE("a process that is elsewhere in the file, or not in it, is no reader at the end") {
  World w;
  const auto ask = [](World& world, std::optional<bool> at_end) {
    const auto attr =
        world.files->getattr(world.ino, [&](InodeId, std::uint64_t) { return at_end; });
    return attr ? static_cast<int>(attr->size) : -attr.error().err;
  };
  test::FsWorld plain(with_memory());
  plain.store.put_raw("f", "text");
  const InodeId ino = plain.must_look("f");
  const HandleId handle = plain.must_open(ino, O_RDONLY);
  REQUIRE(plain.read(handle) == "text");
  CHECK(plain.cost([&] {
    for (int i = 0; i < 5; ++i) {
      plain.clock.advance(2s);
      CHECK(plain.files->getattr(ino, [](InodeId, std::uint64_t) { return false; }));
    }
  }) == "none");
  // It is not troubled by what it will never ask for.
  w.store.put_raw("f", "replaced");
  CHECK(ask(w, true) == -ESTALE);
  CHECK(ask(w, false) == 7);
  CHECK(ask(w, std::nullopt) == -ESTALE);
}

TEST_CASE("a store that does not answer is no reason to give a reader up") {
  World w;
  w.fail(test::Verb::head);
  w.fail(test::Verb::list);
  CHECK(w.size() == 7U);
  w.faults.clear();
  w.clock.advance(1s);
  w.store.put_raw("f", "line 1\nline 2\n");
  w.fail(test::Verb::get);
  CHECK(w.size() == 7U);
  w.faults.clear();
  w.clock.advance(1s);
  CHECK(w.size() == 14U);
}

TEST_CASE("our own removal of a file that is followed stays silent, as on a local disk") {
  World w;
  REQUIRE(w.files->unlink(kRootInode, "f"));
  w.clock.advance(5s);
  CHECK(w.size() == 7U);
  CHECK(w.read(w.handle, 100, 7).empty());
}

TEST_CASE("a reader at the end goes on when this mount appends behind another client's bytes") {
  World w;
  const std::string theirs = GENERATE("line 1\ntheirs\n", "line 1\ntheirs\nand more of them\n");
  const HandleId writer = w.must_open(w.ino, O_WRONLY | O_APPEND);
  REQUIRE(w.files->write(writer, 7, std::string("ours\n"), {.appends = true}));
  w.store.put_raw("f", "line 1\nthe first of two\n");
  w.store.put_raw("f", theirs);
  REQUIRE(w.close(writer));
  std::string text = theirs + "ours\n";
  CHECK(w.stored("f") == text);
  CHECK(w.size() == text.size());
  CHECK(w.read(w.handle, 100, 7) == text.substr(7));
  // It follows what others append after that, and what this mount does.
  for (int i = 0; i < 3; ++i) {
    w.clock.advance(2s);
    const std::size_t before = text.size();
    text += "theirs " + std::to_string(i) + "\n";
    w.store.put_raw("f", text);
    CHECK(w.size() == text.size());
    CHECK(w.read(w.handle, 100, before) == text.substr(before));
    const HandleId again = w.must_open(w.must_look("f"), O_WRONLY | O_APPEND);
    REQUIRE(w.files->write(again, text.size(), std::string("ours\n"), {.appends = true}));
    REQUIRE(w.close(again));
    text += "ours\n";
    CHECK(w.stored("f") == text);
    CHECK(w.read(w.handle, 100, before) == text.substr(before));
  }
  CHECK(w.must_look("f") == w.ino);
}

TEST_CASE("a reader keeps to its version when what this mount appends would follow other bytes") {
  World w;
  const std::string theirs = GENERATE("other text and more", "line", "(removed)");
  const HandleId writer = w.must_open(w.ino, O_WRONLY | O_APPEND);
  REQUIRE(w.files->write(writer, 7, std::string("ours\n"), {.appends = true}));
  SECTION("that it has read") {}
  SECTION("after the reader was shown what was appended") {
    CHECK(w.read(w.handle, 100, 7) == "ours\n");
  }
  if (theirs == "(removed)") {
    REQUIRE(w.store.remove_raw("f"));
  } else {
    w.store.put_raw("f", theirs);
  }
  CHECK(w.close(writer).error().err == ESTALE);
  CHECK(w.stored("f") == (theirs == "(removed)" ? "none" : theirs));
  CHECK(w.read(w.handle, 7) == "line 1\n");
}

TEST_CASE("a reader that has read to the end goes on when this mount opens a longer version") {
  test::FsWorld w(with_memory());
  w.store.put_raw("f", "line 1\n");
  const InodeId ino = w.must_look("f");
  const HandleId handle = w.must_open(ino, O_RDONLY);
  CHECK(w.read(handle) == "line 1\n");
  const bool appended = GENERATE(true, false);
  w.store.put_raw("f", appended ? "line 1\nline 2\n" : "replaced, and longer");
  w.clock.advance(1100ms);
  // By its name, as the kernel does after ESTALE.
  HandleId writer = w.open(ino, O_WRONLY | O_APPEND);
  if (writer == 0) writer = w.must_open(w.must_look("f"), O_WRONLY | O_APPEND);
  REQUIRE(w.files->write(writer, appended ? 14 : 20, std::string("ours\n"), {.appends = true}));
  REQUIRE(w.close(writer));
  CHECK((w.must_look("f") == ino) == appended);
  if (appended) CHECK(w.read(handle, 100, 7) == "line 2\nours\n");
}
