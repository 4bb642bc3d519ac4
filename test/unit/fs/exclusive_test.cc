// SPDX-License-Identifier: Apache-2.0
// exclusive=store: whether a file, directory or link is new is decided by the service when it is
// made, and who has taken a lock sees what was changed under it before.
#include <sys/stat.h>

#include "fs/posix/lock_name.h"
#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;
using namespace std::chrono_literals;

namespace {

Config exclusive() {
  Config config;
  config.exclusive_in_store = true;
  return config;
}

constexpr int kExclusive = O_WRONLY | O_CREAT | O_EXCL;

struct Machine : FsWorld {
  explicit Machine(const Config& config = exclusive()) : FsWorld(config) {}

  Result<CreateResult> lock(std::string_view name, int flags = kExclusive) const {
    return files->create(kRootInode, name, 0644, flags, {});
  }
  Status write(HandleId handle, std::string_view text) const {
    const auto written = files->write(handle, 0, std::span(text.data(), text.size()));
    return written ? Status() : written.error();
  }
};

}  // namespace

TEST_CASE("names of locks") {
  for (const char* name : {"index.lock", "LOCK", "lock", "x.lck", ".~lock.a.odt#", "Lockfile",
                           "lock.exclusive", "package-lock.json"}) {
    CAPTURE(name);
    CHECK(is_lock_name(name));
  }
  for (const char* name : {"", "loc", "l.ock", "lck", "index", "a.lc"}) {
    CAPTURE(name);
    CHECK_FALSE(is_lock_name(name));
  }
}

TEST_CASE("a file that is made with O_EXCL is in the store at once") {
  Machine w;
  REQUIRE(w.files->getattr(kRootInode));
  REQUIRE(w.look("f") == 0);
  SECTION("one request more, and none at close when nothing is written") {
    Result<CreateResult> made = Error{};
    CHECK(w.cost([&] { made = w.lock("f"); }) == "put 1");
    REQUIRE(made);
    CHECK(w.stored("f").empty());
    CHECK(w.cost([&] { REQUIRE(w.close(made->handle)); }) == "none");
  }
  SECTION("what is written replaces it, as the version of this mount") {
    const auto made = w.lock("f");
    REQUIRE(made);
    REQUIRE(w.write(made->handle, "12"));
    CHECK(w.cost([&] { REQUIRE(w.close(made->handle)); }) == "put 1");
    CHECK(w.stored("f") == "12");
    CHECK(w.files->getattr(made->attr.ino)->size == 2);
  }
  SECTION("it has the mode that the program asked for") {
    REQUIRE(w.lock("f"));
    const auto object = w.store.head("f");
    REQUIRE(object);
    const FsWorld other;
    CHECK((w.files->getattr(w.look("f"))->mode & 07777) == 0644);
  }
  SECTION("another client was first") {
    w.store.put_raw("f", "theirs");
    const auto made = w.lock("f");
    REQUIRE_FALSE(made);
    CHECK(made.error().err == EEXIST);
    CHECK(w.stored("f") == "theirs");
    // The name is not believed to be free any more.
    CHECK(w.look("f") != 0);
  }
  SECTION("another client replaces it while it is written") {
    const auto made = w.lock("f");
    REQUIRE(made);
    REQUIRE(w.write(made->handle, "12"));
    w.store.put_raw("f", "theirs");
    CHECK(w.close(made->handle).error().err == ESTALE);
    CHECK(w.stored("f") == "theirs");
  }
  SECTION("the store does not answer") {
    w.fail(Verb::put);
    CHECK(w.lock("f").error().err == EIO);
    CHECK(w.look("f") == 0);
  }
  SECTION("a file without O_EXCL stays as it was") {
    CHECK(w.cost([&] { REQUIRE(w.lock("f", O_WRONLY | O_CREAT)); }) == "none");
  }
}

TEST_CASE("without exclusive=store O_EXCL sends nothing") {
  Machine w{Config()};
  REQUIRE(w.files->getattr(kRootInode));
  REQUIRE(w.look("f") == 0);
  CHECK(w.cost([&] { REQUIRE(w.lock("f")); }) == "none");
}

TEST_CASE("that another client's lock is there is believed for a second only") {
  Machine w;
  w.store.put_raw("x.lock", "theirs");
  w.store.put_raw("x", "theirs");
  const bool listed = GENERATE(false, true);
  if (listed) REQUIRE(w.list().size() == 2);
  REQUIRE(w.look("x.lock") != 0);
  REQUIRE(w.look("x") != 0);
  REQUIRE(w.files->getattr(w.look("x"))->size == 6);
  REQUIRE(w.store.remove_raw("x.lock"));
  REQUIRE(w.store.remove_raw("x"));
  w.clock.advance(1100ms);
  CHECK(w.look("x.lock") == 0);
  CHECK(w.look("x") != 0);
}

TEST_CASE("who has taken a lock sees what was changed under it before") {
  Machine w;
  w.store.put_raw("d/x", "old");
  w.store.put_raw("d/sub/y", "old");
  w.store.put_raw("e/z", "old");
  const InodeId d = w.must_look("d");
  const InodeId e = w.must_look("e");
  const InodeId sub = w.must_look("sub", d);
  const auto size = [&](const char* name, InodeId parent) {
    const InodeId ino = w.look(name, parent);
    return ino == 0 ? 0 : w.files->getattr(ino)->size;
  };
  const auto all = [&] {
    return std::vector<std::uint64_t>{size("x", d), size("y", sub), size("z", e)};
  };
  REQUIRE(all() == std::vector<std::uint64_t>{3, 3, 3});
  REQUIRE(w.look("x.lock", d) == 0);
  w.store.put_raw("d/x", "newer");
  w.store.put_raw("d/sub/y", "newer");
  w.store.put_raw("e/z", "newer");
  SECTION("by a file") {
    REQUIRE(w.files->create(d, "x.lock", 0644, kExclusive, {}));
    CHECK(all() == std::vector<std::uint64_t>{5, 3, 3});
    CHECK(w.read_file(w.look("x", d)) == "newer");
  }
  SECTION("by a directory") {
    REQUIRE(w.files->mkdir(d, "x.lock", 0755, {}));
    CHECK(all() == std::vector<std::uint64_t>{5, 3, 3});
  }
  SECTION("by a link") {
    REQUIRE(w.files->symlink("host:12", d, "wlock", {}));
    CHECK(all() == std::vector<std::uint64_t>{5, 3, 3});
  }
  SECTION("a file of another name is no lock, and costs nothing more") {
    REQUIRE(w.files->create(d, "temporary", 0644, kExclusive, {}));
    CHECK(w.cost([&] { CHECK(all() == std::vector<std::uint64_t>{3, 3, 3}); }) == "none");
  }
}

TEST_CASE("an absence that is older than another client's change, which is seen, is not believed") {
  Machine w{Config()};
  w.store.put_raw("refs/main", "1");
  w.store.put_raw("objects/aa/x", "1");
  const InodeId refs = w.must_look("refs");
  const InodeId objects = w.must_look("objects");
  REQUIRE(w.read_file(w.look("main", refs)) == "1");
  REQUIRE(w.list(objects).size() == 1);
  const bool by_listing = GENERATE(false, true);
  w.clock.advance(by_listing ? 6s : 2s);
  REQUIRE(w.look("bb", objects) == 0);
  REQUIRE(w.look("cc", objects) == 0);
  CHECK(w.cost([&] { CHECK(w.look("bb", objects) == 0); }) == "none");
  w.store.put_raw("objects/bb/y", "2");
  w.store.put_raw("refs/main", "22");
  w.clock.advance(1ms);
  if (by_listing) {
    REQUIRE(w.list(refs).size() == 1);
  } else {
    // The kernel looks the name up again, because the size is another.
    REQUIRE(w.open_error(w.look("main", refs), O_RDONLY) == ESTALE);
  }
  CHECK(w.look("bb", objects) != 0);
}

TEST_CASE("a lock file with unstored bytes, whose object is removed, is listed as it is found") {
  Machine w;
  const auto made = w.lock("x.lock");
  REQUIRE(made);
  REQUIRE(w.write(made->handle, "12345"));
  REQUIRE(w.store.remove_raw("x.lock"));
  w.clock.advance(10s);
  CHECK(w.list() == std::vector<std::string>{"x.lock"});
  CHECK(w.lock("x.lock").error().err == EEXIST);
  CHECK(w.close(made->handle).error().err == ESTALE);
  w.clock.advance(10s);
  CHECK(w.list().empty());
  const auto again = w.lock("x.lock");
  REQUIRE(again);
  CHECK(w.close(again->handle));
}
