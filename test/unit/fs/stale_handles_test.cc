// SPDX-License-Identifier: Apache-2.0
// The cases in which gcsfuse documents that a handle is stale (docs/semantics.md, "Stale File
// Handle Errors"), played with two mounts of one bucket.
#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;

namespace {

/// A second mount of the bucket.
struct Other {
  explicit Other(FsWorld& world) : files(make_file_system({}, world.store, world.clock)) {}

  InodeId look(std::string_view name) const {
    const auto attr = files->lookup(kRootInode, name);
    return attr ? attr->ino : 0;
  }
  void replace(std::string_view name, std::string_view text) const {
    const auto opened = files->open(look(name), O_WRONLY | O_TRUNC, {});
    REQUIRE(opened);
    REQUIRE(files->write(opened->handle, 0, std::span(text.data(), text.size()), {}));
    REQUIRE(files->flush(opened->handle, {}));
    files->release(opened->handle);
  }
  std::unique_ptr<FileSystem> files;
};

struct World : FsWorld {
  using FsWorld::FsWorld;
  Status write(HandleId handle, std::string_view text, std::uint64_t at) const {
    const auto written = files->write(handle, at, std::span(text.data(), text.size()), {});
    return written ? Status() : written.error();
  }
};

}  // namespace

TEST_CASE("gcsfuse: two mounts write one file at once") {
  Config config;
  config.conflict_fails = GENERATE(false, true);
  World a(config);
  const Other b(a);
  a.make("f", "0123456789");
  REQUIRE(b.look("f") != 0);
  SECTION("in part: the second to close is ESTALE, and the first one's bytes stay") {
    const HandleId handle = a.must_open(a.look("f"), O_RDWR);
    REQUIRE(a.write(handle, "A", 5));
    b.replace("f", "of B");
    CHECK(a.close(handle).error().err == ESTALE);
    CHECK(a.stored("f") == "of B");
  }
  SECTION("all of it: the last one wins, or with conflict=fail the first one as with gcsfuse") {
    const HandleId handle = a.must_open(a.look("f"), O_WRONLY | O_TRUNC);
    REQUIRE(a.write(handle, "of A", 0));
    b.replace("f", "of B");
    const Status closed = a.close(handle);
    CHECK(closed.has_value() == !config.conflict_fails);
    CHECK(a.stored("f") == (config.conflict_fails ? "of B" : "of A"));
  }
}

TEST_CASE("gcsfuse: a file that is open for reading is replaced or removed by another mount") {
  World a;
  const Other b(a);
  const std::string large(3U << 20U, 'x');
  a.store.put_raw("f", large);
  const HandleId handle = a.must_open(a.must_look("f"), O_RDONLY);
  CHECK(a.read(handle, 4) == "xxxx");
  const bool removed = GENERATE(false, true);
  REQUIRE(b.look("f") != 0);
  if (removed) {
    REQUIRE(b.files->unlink(kRootInode, "f"));
  } else {
    b.replace("f", std::string(3U << 20U, 'y'));
  }
  // Never bytes of the other version, and never the end of the file.
  CHECK(a.read(handle, 4, 2U << 20U) == "error " + std::to_string(ESTALE));
}

TEST_CASE("gcsfuse: a file that is open for writing is renamed or removed by its own mount") {
  World a;
  a.make("f", "0123456789");
  const HandleId handle = a.must_open(a.look("f"), O_RDWR);
  REQUIRE(a.write(handle, "A", 5));
  SECTION("renamed: stored under its new name, where gcsfuse says ESTALE") {
    REQUIRE(a.rename("f", "g"));
    REQUIRE(a.write(handle, "B", 6));
    REQUIRE(a.close(handle));
    CHECK(a.stored("f") == "none");
    CHECK(a.stored("g") == "01234AB789");
  }
  SECTION("removed: goes on without a name, as on a local disk, where gcsfuse says ESTALE") {
    REQUIRE(a.files->unlink(kRootInode, "f"));
    REQUIRE(a.write(handle, "B", 6));
    CHECK(a.read(handle) == "01234AB789");
    REQUIRE(a.close(handle));
    CHECK(a.stored("f") == "none");
  }
}

TEST_CASE("gcsfuse: a file that is open for writing is renamed or removed by another mount") {
  World a;
  const Other b(a);
  a.make("f", "0123456789");
  const HandleId handle = a.must_open(a.look("f"), O_RDWR);
  REQUIRE(a.write(handle, "A", 5));
  REQUIRE(b.look("f") != 0);
  const bool renamed = GENERATE(false, true);
  if (renamed) {
    REQUIRE(b.files->rename(kRootInode, "f", kRootInode, "g", false));
  } else {
    REQUIRE(b.files->unlink(kRootInode, "f"));
  }
  CHECK(a.close(handle).error().err == ESTALE);
  CHECK(a.stored("f") == "none");
  if (renamed) CHECK(a.stored("g") == "0123456789");
}
