// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/kernel_view.h"

#include <fcntl.h>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

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
struct World {
  World() : store(clock), faults(store), files(make_file_system(Config(), faults, clock)) {}

  InodeId look(const char* name) {
    const auto attr = files->lookup(kRootInode, name);
    REQUIRE(attr);
    return attr->ino;
  }
  HandleId must_open(InodeId ino, int flags) {
    const auto opened = files->open(ino, flags);
    REQUIRE(opened);
    return opened->handle;
  }
  int errno_of_open(InodeId ino, int flags) {
    const auto opened = files->open(ino, flags);
    if (!opened) return opened.error().err;
    files->release(opened->handle);
    return 0;
  }
  Status close(HandleId handle) {
    const Status flushed = files->flush(handle);
    files->release(handle);
    return flushed;
  }
  std::string content(const std::string& key) {
    const auto object = store.object(key);
    return object ? object->content() : "(none)";
  }

  test::FakeClock clock;
  test::FakeStore store;
  test::FaultStore faults;
  std::unique_ptr<FileSystem> files;
};

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
    const InodeId ino = w.look("f");
    w.store.put_raw("f", now);
    w.clock.advance(2s);
    CHECK(w.errno_of_open(ino, O_RDONLY) == ESTALE);
    CHECK(w.look("f") == ino);
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
  const InodeId ino = w.look("f");
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
    const InodeId ino = w.look("f");
    REQUIRE(w.store.remove_raw("f"));
    w.clock.advance(2s);
    CHECK(w.errno_of_open(ino, flags) == ESTALE);
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
      const InodeId ino = w.look("f");
      const std::string now = shorter ? "new" : "somebody's longer text";
      w.store.put_raw("f", now);
      w.clock.advance(2s);
      REQUIRE(w.errno_of_open(ino, O_WRONLY | O_APPEND) == ESTALE);
      // As through /proc/self/fd/N, which leads to no name.
      const auto opened = w.files->open(ino, O_WRONLY | O_APPEND);
      REQUIRE(opened);
      CHECK(opened->attributes_changed);
      REQUIRE(w.files->write(opened->handle, 8, std::string("ABC"), origin));
      REQUIRE(w.files->write(opened->handle, 11, std::string("DEF"), origin));
      REQUIRE(w.close(opened->handle));
      CHECK(w.content("f") == now + "ABCDEF");
    }
  }
}

TEST_CASE("two that append to a file which was replaced write one behind the other") {
  World w;
  w.store.put_raw("f", "old text");
  const InodeId ino = w.look("f");
  w.store.put_raw("f", "new");
  w.clock.advance(2s);
  REQUIRE(w.errno_of_open(ino, O_WRONLY | O_APPEND) == ESTALE);
  const HandleId a = w.must_open(ino, O_WRONLY | O_APPEND);
  const HandleId b = w.must_open(ino, O_WRONLY | O_APPEND);
  std::uint64_t end = 8;  // what the kernel believes
  for (const auto& [handle, text] : {std::pair{a, "1"}, {b, "2"}, {a, "3"}, {b, "4"}}) {
    REQUIRE(w.files->write(handle, end++, std::string(text), kAppend));
  }
  REQUIRE(w.close(a));
  REQUIRE(w.close(b));
  CHECK(w.content("f") == "new1234");
}

TEST_CASE("after a write whose reply was lost the next open has what the store has") {
  for (const bool applied : {false, true}) {
    CAPTURE(applied);
    World w;
    w.store.put_raw("f", "old text");
    const InodeId ino = w.look("f");
    const HandleId handle = w.must_open(ino, O_WRONLY);
    REQUIRE(w.files->write(handle, 0, std::string("NEW TEXT AND MORE")));
    test::Fault lost;
    lost.verb = test::Verb::put;
    lost.action = applied ? test::Fault::Action::apply_then_fail : test::Fault::Action::fail;
    lost.error = Error{EPERM, "reply lost, then refused"};
    lost.error.refusal = Refusal::forbidden;
    lost.error.in_doubt = applied;
    w.faults.add(lost);
    CHECK_FALSE(w.close(handle));
    w.faults.clear();
    // Within the second in which an answer is good enough for an open.
    const auto first = w.files->open(ino, O_RDONLY);
    if (first) CHECK_FALSE(first->keep_page_cache);  // they are of what was given up
    if (!first) CHECK(first.error().err == ESTALE);
    const auto attr = w.files->lookup(kRootInode, "f");
    REQUIRE(attr);
    CHECK(attr->size == w.content("f").size());
    const auto opened = w.files->open(ino, O_RDONLY);
    REQUIRE(opened);
    if (!first) CHECK_FALSE(opened->keep_page_cache);
    const auto bytes = w.files->read(opened->handle, 0, 100);
    REQUIRE(bytes);
    std::string text(bytes->size(), '?');
    bytes->copy_to(text);
    CHECK(text == w.content("f"));
    CHECK(text == (applied ? "NEW TEXT AND MORE" : "old text"));
  }
}

TEST_CASE("a new file whose close was refused after it was stored is found") {
  World w;
  REQUIRE_FALSE(w.files->lookup(kRootInode, "f"));
  const auto made = w.files->create(kRootInode, "f", 0644, O_WRONLY, Caller{});
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string("text")));
  test::Fault lost;
  lost.verb = test::Verb::put;
  lost.action = test::Fault::Action::apply_then_fail;
  lost.error = Error{EPERM, "reply lost, then refused"};
  lost.error.refusal = Refusal::forbidden;
  lost.error.in_doubt = true;
  w.faults.add(lost);
  CHECK_FALSE(w.close(made->handle));
  w.faults.clear();
  const auto found = w.files->lookup(kRootInode, "f");
  REQUIRE(found);
  CHECK(found->size == 4);
}

TEST_CASE("no page outlives a write that went past it") {
  World w;
  w.store.put_raw("f", "old text");
  const InodeId ino = w.look("f");
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
