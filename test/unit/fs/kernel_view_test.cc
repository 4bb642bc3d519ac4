// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/kernel_view.h"

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

Attr attr_of(std::uint64_t size, std::int64_t mtime = 1, mode_t mode = 0644) {
  Attr attr;
  attr.size = size;
  attr.mode = S_IFREG | mode;
  attr.mtime = attr.ctime = WallTime(std::chrono::seconds(mtime));
  return attr;
}

Stat stat_of(std::int64_t mtime) {
  Stat stat;
  stat.mtime = stat.ctime = WallTime(std::chrono::seconds(mtime));
  return stat;
}

constexpr WriteOrigin kAppend{.appends = true, .direct = false};
constexpr WriteOrigin kDirectAppend{.appends = true, .direct = true};

/// What others and we do to one file below the kernel, which is played here.
using World = test::FsWorld;

}  // namespace

TEST_CASE("what the kernel was told is compared with what is so") {
  using Agreement = KernelView::Agreement;
  KernelView view;
  CHECK(view.compare(attr_of(5)) == Agreement::attributes_differ);  // nothing is known of it
  view.told(attr_of(5));
  CHECK(view.compare(attr_of(5)) == Agreement::same);
  CHECK(view.compare(attr_of(6)) == Agreement::size_differs);
  CHECK(view.compare(attr_of(5, 2)) == Agreement::attributes_differ);
  CHECK(view.compare(attr_of(5, 1, 0600)) == Agreement::attributes_differ);
  view.wrote(9, stat_of(2));
  CHECK(view.compare(attr_of(9, 2)) == Agreement::same);
  view.wrote(3, stat_of(3));
  CHECK(view.compare(attr_of(9, 3)) == Agreement::same);
  view.resized(4);
  CHECK(view.compare(attr_of(4, 3)) == Agreement::same);
  view.forgotten();
  CHECK(view.compare(attr_of(4, 3)) == Agreement::attributes_differ);
}

TEST_CASE("an append goes to the end that we know, wherever the kernel puts it") {
  KernelView view;
  CHECK(view.place(7, 30, false) == 30);  // it was told nothing
  view.told(attr_of(5));
  CHECK(view.place(5, 5, false) == 5);
  CHECK(view.place(2, 5, false) == 2);  // RWF_NOAPPEND
  // Four pieces of one direct append, the last of them first.
  CHECK(view.place(8, 5, true) == 8);

  REQUIRE(view.may_refuse({"\"b\""}, MonoTime(5s)));
  CHECK(view.place(5, 30, false) == 30);
  CHECK(view.place(5, 3, false) == 3);
  SECTION("in pieces, one after the other") {
    view.wrote(8, stat_of(2));
    CHECK(view.place(8, 33, false) == 33);
  }
  SECTION("in pieces side by side, the last first") {
    CHECK(view.place(8, 30, true) == 33);
    view.wrote(11, stat_of(2));  // three bytes
    CHECK(view.place(5, 36, true) == 30);
  }
  SECTION("right again, and its late pieces are still placed") {
    view.told(attr_of(30));
    CHECK(view.place(30, 30, false) == 30);
    CHECK(view.place(5, 30, false) == 30);
    CHECK(view.place(33, 30, true) == 33);
  }
}

TEST_CASE("the kernel is sent to look a name up once for a version, and not twice at once") {
  KernelView view;
  view.told(attr_of(5));
  CHECK(view.may_refuse({"\"b\""}, MonoTime(5s)));
  CHECK_FALSE(view.may_refuse({"\"b\""}, MonoTime(50s)));  // it did not look
  CHECK(view.may_refuse({"\"c\""}, MonoTime(50s)));
  view.told(attr_of(6));
  CHECK_FALSE(view.may_refuse({"\"d\""}, MonoTime(50'500ms)));
  CHECK(view.may_refuse({"\"d\""}, MonoTime(52s)));
}

TEST_CASE("a file of another size is opened once the kernel has looked its name up") {
  for (const char* now : {"a longer text", "short", ""}) {
    CAPTURE(now);
    World w;
    w.store.put_raw("f", "old text");
    const InodeId ino = w.must_look("f");
    w.store.put_raw("f", now);
    w.clock.advance(2s);
    CHECK(w.open_error(ino, O_RDONLY) == ESTALE);
    CHECK(w.must_look("f") == ino);
    w.store.reset_count();
    const auto opened = w.files->open(ino, O_RDONLY);
    REQUIRE(opened);
    CHECK_FALSE(opened->keep_page_cache);
    CHECK(w.store.count().text() == "none");
  }
}

TEST_CASE("a file of the same size and another time is opened at once, and the kernel asks") {
  World w;
  w.store.put_raw("f", "old text");
  const InodeId ino = w.must_look("f");
  w.clock.advance(2s);
  w.store.put_raw("f", "new text");
  const auto opened = w.files->open(ino, O_RDONLY);
  REQUIRE(opened);
  CHECK(opened->attributes_changed);
  CHECK_FALSE(opened->keep_page_cache);
  const auto again = w.files->getattr(ino);
  REQUIRE(again);
  CHECK_FALSE(w.files->open(ino, O_RDONLY)->attributes_changed);
}

TEST_CASE("a name that has gone is looked up anew, whatever opens it") {
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR | O_TRUNC}) {
    World w;
    w.store.put_raw("f", "text");
    const InodeId ino = w.must_look("f");
    REQUIRE(w.store.remove_raw("f"));
    w.clock.advance(2s);
    CHECK(w.open_error(ino, flags) == ESTALE);
    w.store.reset_count();
    const auto gone = w.files->lookup(kRootInode, "f");
    CHECK((!gone && gone.error().err == ENOENT));
    CHECK(w.store.count().text() == "none");
    CHECK(w.files->create(kRootInode, "f", 0644, O_WRONLY, Caller{}));
  }
}

TEST_CASE("an append lands behind another's version even if the kernel never looked") {
  for (const bool shorter : {false, true}) {
    for (const WriteOrigin origin : {kAppend, kDirectAppend}) {
      World w;
      w.store.put_raw("f", "old text");
      const InodeId ino = w.must_look("f");
      const std::string now = shorter ? "new" : "somebody's longer text";
      w.store.put_raw("f", now);
      w.clock.advance(2s);
      REQUIRE(w.open_error(ino, O_WRONLY | O_APPEND) == ESTALE);
      // As through /proc/self/fd/N, which leads to no name.
      const auto opened = w.files->open(ino, O_WRONLY | O_APPEND);
      REQUIRE(opened);
      CHECK(opened->attributes_changed);
      REQUIRE(w.files->write(opened->handle, 8, std::string("ABC"), origin));
      REQUIRE(w.files->write(opened->handle, 11, std::string("DEF"), origin));
      REQUIRE(w.close(opened->handle));
      CHECK(w.stored("f") == now + "ABCDEF");
    }
  }
}

TEST_CASE("two that append to a file which was replaced write one behind the other") {
  World w;
  w.store.put_raw("f", "old text");
  const InodeId ino = w.must_look("f");
  w.store.put_raw("f", "new");
  w.clock.advance(2s);
  REQUIRE(w.open_error(ino, O_WRONLY | O_APPEND) == ESTALE);
  const HandleId a = w.must_open(ino, O_WRONLY | O_APPEND);
  const HandleId b = w.must_open(ino, O_WRONLY | O_APPEND);
  std::uint64_t end = 8;  // what the kernel believes
  for (const auto& [handle, text] : {std::pair{a, "1"}, {b, "2"}, {a, "3"}, {b, "4"}}) {
    REQUIRE(w.files->write(handle, end++, std::string(text), kAppend));
  }
  REQUIRE(w.close(a));
  REQUIRE(w.close(b));
  CHECK(w.stored("f") == "new1234");
}

TEST_CASE("after a write whose reply was lost the next open has what the store has") {
  for (const bool applied : {false, true}) {
    CAPTURE(applied);
    World w;
    w.store.put_raw("f", "old text");
    const InodeId ino = w.must_look("f");
    const HandleId handle = w.must_open(ino, O_WRONLY);
    REQUIRE(w.files->write(handle, 0, std::string("NEW TEXT AND MORE")));
    Error refused = World::refused(EPERM, Refusal::forbidden);
    refused.in_doubt = applied;
    applied ? w.lose(test::Verb::put, refused) : w.fail(test::Verb::put, refused);
    CHECK_FALSE(w.close(handle));
    w.faults.clear();
    // Within the second in which an answer is good enough for an open.
    const auto first = w.files->open(ino, O_RDONLY);
    if (first) CHECK_FALSE(first->keep_page_cache);  // they are of what was given up
    if (!first) CHECK(first.error().err == ESTALE);
    const auto attr = w.files->lookup(kRootInode, "f");
    REQUIRE(attr);
    CHECK(attr->size == w.stored("f").size());
    const auto opened = w.files->open(ino, O_RDONLY);
    REQUIRE(opened);
    if (!first) CHECK_FALSE(opened->keep_page_cache);
    const std::string text = w.read(opened->handle);
    CHECK(text == w.stored("f"));
    CHECK(text == (applied ? "NEW TEXT AND MORE" : "old text"));
  }
}

TEST_CASE("a new file whose close was refused after it was stored is found") {
  World w;
  REQUIRE_FALSE(w.files->lookup(kRootInode, "f"));
  Error refused = World::refused(EPERM, Refusal::forbidden);
  refused.in_doubt = true;
  w.lose(test::Verb::put, refused);
  CHECK_FALSE(w.try_make("f", "text"));
  w.faults.clear();
  const auto found = w.files->lookup(kRootInode, "f");
  REQUIRE(found);
  CHECK(found->size == 4);
}

TEST_CASE("no page outlives a write that went past it") {
  World w;
  w.store.put_raw("f", "old text");
  const InodeId ino = w.must_look("f");
  const HandleId writer = w.must_open(ino, O_RDWR | O_DIRECT);
  const auto kept = [&] {
    const auto opened = w.files->open(ino, O_RDONLY);
    REQUIRE(opened);
    w.files->release(opened->handle);
    return opened->keep_page_cache;
  };
  CHECK(kept());  // of the version that is open
  REQUIRE(w.files->write(writer, 0, std::string("O"), {.appends = false, .direct = true}));
  CHECK_FALSE(kept());
  CHECK(kept());
  REQUIRE(w.files->write(writer, 1, std::string("L"), {}));
  CHECK(kept());  // it went through the pages
}
