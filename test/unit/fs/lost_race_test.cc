// SPDX-License-Identifier: Apache-2.0
// Another client stores a version between an open and the close: no bytes of either are lost in
// silence, and what was appended is appended.
#include <sys/stat.h>

#include "pailfs/cache/kept_conflicts.h"

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/scratch_directory.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

Config small_parts() {
  Config config;
  config.multipart_size = 6 * kMiB;
  return config;
}

struct Shared : FsWorld {
  explicit Shared(const Config& config = {}) : FsWorld(config) {}

  HandleId open_name(std::string_view name, int flags) { return must_open(must_look(name), flags); }
  Status write(HandleId handle, std::string_view text, std::uint64_t at) const {
    const auto written = files->write(handle, at, std::span(text.data(), text.size()));
    return written ? Status() : written.error();
  }
  Status append(HandleId handle, std::string_view text, std::uint64_t end) const {
    const auto written =
        files->write(handle, end, std::span(text.data(), text.size()), {.appends = true});
    return written ? Status() : written.error();
  }
  void foreign(const std::string& key, std::string text) { store.put_raw(key, std::move(text)); }
  std::uint64_t size_of(InodeId ino) {
    const auto attr = files->getattr(ino);
    REQUIRE(attr);
    return attr->size;
  }
};

}  // namespace

TEST_CASE("a change in part is refused when another client has stored a version meanwhile") {
  struct Row {
    const char* what;
    std::function<Status(Shared&, HandleId, InodeId)> change;
  };
  const std::vector<Row> rows{
      {"written in place", [](Shared& w, HandleId h, InodeId) { return w.write(h, "XY", 1); }},
      {"all of it, without O_TRUNC",
       [](Shared& w, HandleId h, InodeId) { return w.write(h, "0123456789ab", 0); }},
      {"cut", [](Shared& w, HandleId, InodeId ino) { return w.cut(ino, 3); }},
      {"extended", [](Shared& w, HandleId, InodeId ino) { return w.cut(ino, 30); }},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Shared w;
    w.foreign("f", "0123456789");
    const InodeId ino = w.must_look("f");
    const HandleId handle = w.must_open(ino, O_RDWR);
    CHECK(w.read(handle) == "0123456789");
    REQUIRE(w.files->read(handle, 0, 10));
    w.foreign("f", "of another client");
    const Status changed = row.change(w, handle, ino);
    const Status closed = w.close(handle);
    CHECK((changed ? closed : changed).error().err == ESTALE);
    CHECK(w.stored("f") == "of another client");
  }
}

TEST_CASE("a whole replacement is the last writer's, and with conflict=fail the first one's") {
  const bool strict = GENERATE(false, true);
  INFO((strict ? "conflict=fail" : "default"));
  Config config;
  config.conflict_fails = strict;
  Shared w(config);
  w.foreign("old", "0123456789");
  const HandleId emptied = w.open_name("old", O_WRONLY | O_TRUNC);
  const HandleId made = w.create("new", O_WRONLY | O_CREAT | O_TRUNC).handle;
  REQUIRE(w.write(emptied, "ours", 0));
  REQUIRE(w.write(made, "ours", 0));
  w.foreign("old", "theirs");
  w.foreign("new", "theirs");
  const Status old_closed = w.close(emptied);
  const Status new_closed = w.close(made);
  CHECK(old_closed.has_value() == !strict);
  CHECK(new_closed.has_value() == !strict);
  if (strict) {
    CHECK(old_closed.error().err == ESTALE);
    CHECK(new_closed.error().err == EEXIST);
  }
  const std::string winner = strict ? "theirs" : "ours";
  CHECK(w.stored("old") == winner);
  CHECK(w.stored("new") == winner);
}

TEST_CASE("a file that is made with O_EXCL takes no other client's place") {
  Shared w;
  const HandleId handle = w.create("lock", O_WRONLY | O_CREAT | O_EXCL).handle;
  REQUIRE(w.write(handle, "ours", 0));
  w.foreign("lock", "theirs");
  CHECK(w.close(handle).error().err == EEXIST);
  CHECK(w.stored("lock") == "theirs");
}

TEST_CASE("appended bytes follow whatever version is there") {
  Shared w;
  w.foreign("log", "one\n");
  const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
  REQUIRE(w.append(handle, "ours\n", 4));
  w.foreign("log", "one\ntwo\nthree\n");
  CHECK(w.cost([&] { REQUIRE(w.files->flush(handle)); }) == "head 1, get 2, put 1");
  CHECK(w.stored("log") == "one\ntwo\nthree\nours\n");

  SECTION("the next append goes on behind them") {
    // The kernel counts by the size that it knows.
    REQUIRE(w.append(handle, "more\n", 9));
    REQUIRE(w.close(handle));
    CHECK(w.stored("log") == "one\ntwo\nthree\nours\nmore\n");
  }
  SECTION("the file shows all of it") {
    REQUIRE(w.close(handle));
    CHECK(w.size_of(w.must_look("log")) == 19);
    CHECK(w.read_file("log") == "one\ntwo\nthree\nours\n");
  }
  SECTION("also when the version that won is shorter") {
    REQUIRE(w.append(handle, "more\n", 19));
    w.foreign("log", "x");
    REQUIRE(w.close(handle));
    CHECK(w.stored("log") == "xmore\n");
  }
}

TEST_CASE("what is appended to a new file follows what another client has made of it") {
  Shared w;
  const HandleId appended = w.create("log", O_WRONLY | O_CREAT | O_APPEND).handle;
  const HandleId touched = w.create("touched", O_WRONLY | O_CREAT).handle;
  REQUIRE(w.append(appended, "ours\n", 0));
  w.foreign("log", "theirs\n");
  w.foreign("touched", "theirs\n");
  REQUIRE(w.close(appended));
  REQUIRE(w.close(touched));
  CHECK(w.stored("log") == "theirs\nours\n");
  CHECK(w.stored("touched") == "theirs\n");
}

TEST_CASE("a race that is lost again and again is won in the end") {
  Shared w;
  w.foreign("log", "0");
  const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
  REQUIRE(w.append(handle, "ours", 1));
  int lost = 0;
  Fault fault;
  fault.verb = Verb::put;
  fault.action = Fault::Action::none;
  fault.before = [&](const StoreCall&) {
    if (lost < 20) w.foreign("log", std::string(static_cast<std::size_t>(++lost), 'x'));
  };
  w.faults.add(fault);
  REQUIRE(w.close(handle));
  CHECK(lost == 20);
  CHECK(w.stored("log") == std::string(20, 'x') + "ours");
}

TEST_CASE("appended bytes are stored once, also when replies are lost and others append") {
  // The reply of the first attempt is lost; `then` is what another client does before the next.
  struct Row {
    const char* what;
    bool arrives;
    std::string then;
    std::string all;
  };
  const std::vector<Row> rows{
      {"made, nothing since", true, "", "one\nours\n"},
      {"made, and appended to", true, "one\nours\ntheirs\n", "one\nours\ntheirs\n"},
      {"made, and replaced", true, "other", "otherours\n"},
      {"not made", false, "", "one\nours\n"},
      {"not made, another has appended", false, "one\ntheirs\n", "one\ntheirs\nours\n"},
      {"not made, another has appended as much", false, "one\nthem\n", "one\nthem\nours\n"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Shared w;
    w.foreign("log", "one\n");
    const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
    REQUIRE(w.append(handle, "ours\n", 4));
    Error silent{ETIMEDOUT, "no reply"};
    silent.in_doubt = true;
    if (row.arrives) {
      w.lose(Verb::put, silent, 1);
    } else {
      w.fail(Verb::put, silent, 1);
    }
    CHECK_FALSE(w.files->flush(handle));
    if (!row.then.empty()) w.foreign("log", row.then);
    REQUIRE(w.files->flush(handle));
    CHECK(w.stored("log") == row.all);
    REQUIRE(w.append(handle, "last\n", 9));
    REQUIRE(w.close(handle));
    CHECK(w.stored("log") == row.all + "last\n");
  }
}

TEST_CASE("bytes that wait for another attempt are kept when that one loses the race at the end") {
  const ScratchDirectory scratch;
  Config config;
  config.conflicts_directory = scratch.path() + "/conflicts";
  Shared w(config);
  w.foreign("f", "0123456789");
  const HandleId handle = w.open_name("f", O_RDWR);
  REQUIRE(w.write(handle, "ours", 2));
  w.fail(Verb::put);
  CHECK(w.close(handle).error().err == EIO);
  w.faults.clear();
  CHECK(w.files->activity().lost_races == 0);
  w.foreign("f", "of another client");
  CHECK(w.files->sync_all().error().err == ESTALE);
  CHECK(w.stored("f") == "of another client");
  const auto races = w.files->activity().last_lost_races;
  REQUIRE(races.size() == 1);
  CHECK(races.front().path == "f");
  CHECK_FALSE(races.front().kept_in.empty());
  CHECK(w.files->activity().unstored.empty());
  CHECK(w.files->sync_all());
}

TEST_CASE("bytes that lost a race are kept before the close of the last handle returns") {
  const ScratchDirectory scratch;
  Config config;
  config.conflicts_directory = scratch.path() + "/conflicts";
  const auto kept = [&] { return cache::KeptConflicts::open(config.conflicts_directory)->list(); };
  Shared w(config);
  w.foreign("f", "0123456789");
  const HandleId other = w.open_name("f", O_RDWR);
  const HandleId handle = w.open_name("f", O_RDWR);
  REQUIRE(w.write(handle, "ours", 2));
  w.foreign("f", "of another client");
  CHECK(w.files->fsync(handle).error().err == ESTALE);
  CHECK(kept().empty());
  CHECK(w.close(other).error().err == ESTALE);
  CHECK(kept().empty());
  CHECK(w.files->flush(handle).error().err == ESTALE);
  REQUIRE(kept().size() == 1);
  CHECK(kept().front().what.key == "f");
  SECTION("once") {
    CHECK(w.files->flush(handle).error().err == ESTALE);
  }
  SECTION("anew when a copy of the descriptor has written more") {
    REQUIRE(w.write(handle, "more", 4));
  }
  w.files->release(handle);
  REQUIRE(kept().size() == 1);
  CHECK(kept().front().what.ranges.front().begin == 2);
  CHECK(w.files->activity().lost_races == 1);
}

TEST_CASE("a new file that a program cuts to nothing is empty, whatever another client has made") {
  Shared w;
  const auto made = w.create("f", O_RDWR | O_CREAT);
  w.foreign("f", "of another client");
  SetAttr cut;
  cut.size = 0;
  REQUIRE(w.files->setattr(made.attr.ino, cut));
  CHECK(w.close(made.handle));
  CHECK(w.stored("f").empty());
}

TEST_CASE("a program that reads and appends keeps to the version that it has read") {
  Shared w;
  w.foreign("f", "one\n");
  const HandleId handle = w.open_name("f", O_RDWR | O_APPEND);
  CHECK(w.read(handle) == "one\n");
  REQUIRE(w.append(handle, "ours\n", 4));
  w.foreign("f", "other\n");
  CHECK(w.close(handle).error().err == ESTALE);
  CHECK(w.stored("f") == "other\n");
}

TEST_CASE("a large append follows another client's version") {
  Shared w(small_parts());
  const std::string front(8 * kMiB, 'a');
  w.foreign("big", front);
  const HandleId handle = w.open_name("big", O_WRONLY | O_APPEND);
  const std::string piece(3 * kMiB, 'o');
  for (std::uint64_t n = 0; n < 10; ++n)
    REQUIRE(w.append(handle, piece, front.size() + n * piece.size()));
  w.foreign("big", front + "theirs");
  REQUIRE(w.close(handle));
  const std::string all = w.stored("big");
  CHECK(all.size() == front.size() + 6 + 10 * piece.size());
  CHECK(all == front + "theirs" + std::string(30 * kMiB, 'o'));
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a change of attributes is refused when another client has stored a version meanwhile") {
  Shared w;
  w.foreign("f", "one");
  const InodeId ino = w.must_look("f");
  w.when(Verb::copy, [&] { w.foreign("f", "theirs"); });
  SetAttr change;
  change.mode = 0600;
  CHECK(w.files->setattr(ino, change).error().err == ESTALE);
  CHECK(w.stored("f") == "theirs");
}

TEST_CASE("a log that stays open for appending goes on behind what others append") {
  Shared w;
  w.foreign("log", "one\n");
  const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
  REQUIRE(w.append(handle, "ours\n", 4));
  REQUIRE(w.files->flush(handle));
  w.foreign("log", "one\nours\ntheirs\n");
  w.clock.advance(std::chrono::seconds(1000));
  SECTION("when it was looked up meanwhile") {
    CHECK(w.size_of(w.must_look("log")) == 16);
  }
  SECTION("when it was opened meanwhile") {
    const HandleId second = w.open_name("log", O_WRONLY | O_APPEND);
    REQUIRE(w.append(second, "second\n", 16));
    REQUIRE(w.close(second));
    w.foreign("log", "one\nours\ntheirs\n");
    w.clock.advance(std::chrono::seconds(1000));
  }
  SECTION("when it was not") {}
  REQUIRE(w.append(handle, "more\n", 9));
  REQUIRE(w.close(handle));
  CHECK(w.stored("log") == "one\nours\ntheirs\nmore\n");
}

TEST_CASE("a directory, link or special file is made where there is none") {
  Shared w;
  REQUIRE(w.look_error("d") == ENOENT);  // believed for a second
  w.foreign("d/", "");
  w.foreign("l", "x");
  w.foreign("p", "x");
  CHECK(w.files->mkdir(kRootInode, "d", 0755, {}).error().err == EEXIST);
  REQUIRE(w.look_error("free") == ENOENT);
  CHECK(w.files->mkdir(kRootInode, "free", 0755, {}));
  w.when(Verb::put, [&] { w.foreign("link", "x"); });
  CHECK(w.files->symlink("to", kRootInode, "link", {}).error().err == EEXIST);
  w.when(Verb::put, [&] { w.foreign("fifo", "x"); });
  CHECK(w.files->mknod(kRootInode, "fifo", S_IFIFO | 0600, 0, {}).error().err == EEXIST);
  CHECK(w.stored("link") == "x");
  CHECK(w.stored("fifo") == "x");
}

TEST_CASE("a rename removes what it has copied and nothing else") {
  Shared w;
  w.foreign("f", "copied");
  w.foreign("d/f", "copied");
  SECTION("a file") {
    w.when(Verb::remove, [&] { w.foreign("f", "newer"); });
    REQUIRE(w.rename("f", "g"));
    CHECK(w.stored("f") == "newer");
    CHECK(w.stored("g") == "copied");
    w.clock.advance(std::chrono::seconds(2));
    CHECK(w.read_file("f") == "newer");
    CHECK(w.read_file("g") == "copied");
  }
  SECTION("a file of a directory") {
    w.when(Verb::remove_many, [&] { w.foreign("d/f", "newer"); });
    REQUIRE(w.rename("d", "e"));
    CHECK(w.stored("d/f") == "newer");
    CHECK(w.stored("e/f") == "copied");
  }
  SECTION("what has come beside the copies of a rename that failed") {
    w.foreign("d/g", "copied");
    w.when(Verb::copy, {}, [&] { w.foreign("e/f", "theirs"); });
    w.fail(Verb::copy, 1);  // of those that the rule above leaves: the second
    CHECK_FALSE(w.rename("d", "e"));
    CHECK(w.stored("d/f") == "copied");
    const std::string kept = w.stored("e/f") + w.stored("e/g");
    CHECK(kept.find("theirs") != std::string::npos);
  }
}

TEST_CASE("RENAME_NOREPLACE replaces no other client's file") {
  Shared w;
  w.foreign("f", "ours");
  REQUIRE(w.look_error("g") == ENOENT);
  REQUIRE(w.must_look("f") != 0);
  SECTION("of a stored file") {
    w.when(Verb::copy, [&] { w.foreign("g", "theirs"); });
    CHECK(w.files->rename(kRootInode, "f", kRootInode, "g", true).error().err == EEXIST);
    CHECK(w.stored("f") == "ours");
  }
  SECTION("of one that was not stored yet") {
    const HandleId handle = w.create("new", O_WRONLY | O_CREAT | O_TRUNC).handle;
    REQUIRE(w.files->rename(kRootInode, "new", kRootInode, "g", true));
    w.foreign("g", "theirs");
    CHECK(w.close(handle).error().err == EEXIST);
  }
  CHECK(w.stored("g") == "theirs");
}

TEST_CASE("a writer at places of its own never writes into a version that it has not opened") {
  Shared w;
  const HandleId handle = w.create("log", O_WRONLY | O_CREAT | O_TRUNC).handle;
  REQUIRE(w.write(handle, "one\n", 0));
  REQUIRE(w.files->flush(handle));
  w.foreign("log", "of another client\n");
  w.clock.advance(std::chrono::seconds(1000));
  SECTION("when it was looked up meanwhile") {
    CHECK(w.size_of(w.must_look("log")) == 18);
  }
  SECTION("when another handle appends") {
    const HandleId second = w.open_name("log", O_WRONLY | O_APPEND);
    if (second != 0) static_cast<void>(w.close(second));
  }
  SECTION("when it was not") {}
  REQUIRE(w.write(handle, "two\n", 4));
  CHECK(w.close(handle).error().err == ESTALE);
  CHECK(w.stored("log") == "of another client\n");
}

TEST_CASE("what is appended to a log that another client has taken away is a new log") {
  Shared w;
  w.foreign("log", "one\n");
  const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
  const bool clean = GENERATE(false, true);
  if (!clean) REQUIRE(w.append(handle, "ours\n", 4));
  REQUIRE(w.store.remove_raw("log"));
  w.clock.advance(std::chrono::seconds(6));
  if (clean) {
    // A look at the name, as ls has it, does not take the log away from its writer.
    CHECK(w.list().empty());
    CHECK(w.look("log") == 0);
    REQUIRE(w.append(handle, "ours\n", 4));
  }
  const Status flushed = w.files->flush(handle);
  INFO((flushed ? "" : flushed.error().text));
  REQUIRE(flushed);
  CHECK(w.stored("log") == "ours\n");
  REQUIRE(w.append(handle, "more\n", 5));
  REQUIRE(w.close(handle));
  CHECK(w.stored("log") == "ours\nmore\n");
  CHECK(w.read_file("log") == "ours\nmore\n");
}

TEST_CASE("what is written in a file that another client has removed is kept from the store") {
  Shared w;
  w.foreign("f", "0123456789");
  const HandleId handle = w.open_name("f", O_WRONLY);
  REQUIRE(w.write(handle, "XY", 1));
  REQUIRE(w.store.remove_raw("f"));
  CHECK(w.close(handle).error().err == ESTALE);
  CHECK(w.stored("f") == "none");
}

TEST_CASE("an append whose reply was lost looks again when a third version comes meanwhile") {
  Shared w;
  w.foreign("log", "one\n");
  const HandleId handle = w.open_name("log", O_WRONLY | O_APPEND);
  REQUIRE(w.append(handle, "ours\n", 4));
  const bool made = GENERATE(false, true);
  Error silent{EIO, "no reply"};
  silent.in_doubt = true;
  if (made) {
    w.lose(Verb::put, silent, 1);
  } else {
    w.fail(Verb::put, silent, 1);
  }
  CHECK_FALSE(w.files->flush(handle));
  w.foreign("log", w.stored("log") + "theirs\n");
  int times = 0;
  w.when(Verb::get, [&] {
    if (++times <= 3) w.foreign("log", w.stored("log") + "again\n");
  });
  REQUIRE(w.close(handle));
  CHECK(times >= 1);
  const std::string all = w.stored("log");
  CHECK(all.starts_with(made ? "one\nours\ntheirs\nagain\n" : "one\ntheirs\nagain\n"));
  CHECK(all.ends_with(made ? "again\n" : "ours\n"));
}

TEST_CASE("with conflict=fail a new file that is renamed over another replaces that one") {
  Config config;
  config.conflict_fails = true;
  Shared w(config);
  w.foreign("f", "old");
  REQUIRE(w.look("f") != 0);
  const HandleId handle = w.create("new", O_WRONLY | O_CREAT | O_EXCL).handle;
  const bool empty = GENERATE(false, true);
  if (!empty) REQUIRE(w.write(handle, "ours", 0));
  REQUIRE(w.rename("new", "f"));
  SECTION("which is there still") {
    REQUIRE(w.close(handle));
    CHECK(w.stored("f") == (empty ? "" : "ours"));
  }
  SECTION("and no later one") {
    w.foreign("f", "theirs");
    CHECK(w.close(handle).error().err == ESTALE);
    CHECK(w.stored("f") == "theirs");
  }
}

TEST_CASE("only a file that may take a free name alone hears that the name is taken") {
  for (const int flags : {O_RDWR, O_RDWR | O_EXCL}) {
    CAPTURE(flags);
    Shared w;
    const auto made = w.create("f", flags);
    REQUIRE(w.append(made.handle, "ours", 0));
    w.foreign("f", "theirs");
    const Status stored = w.files->fsync(made.handle);
    REQUIRE_FALSE(stored);
    CHECK(stored.error().err == (flags == O_RDWR ? ESTALE : EEXIST));
    CHECK(w.stored("f") == "theirs");
    w.files->release(made.handle);
  }
}
