// SPDX-License-Identifier: Apache-2.0
// Files are found again by their numbers alone, as the kernel does it for file handles.
#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

struct World : test::FsWorld {
  World() : FsWorld(config()) {}
  static Config config() {
    Config config;
    config.memory_limit = 64U << 20U;
    return config;
  }
  /// The number, forgotten again.
  InodeId look(InodeId parent, const char* name) const {
    const InodeId ino = FsWorld::look(name, parent);
    if (ino != 0) files->forget(ino, 1);
    return ino;
  }
  Result<Attr> again(InodeId ino) const {
    auto attr = files->lookup(ino, ".");
    if (attr) files->forget(attr->ino, 1);
    return attr;
  }
  void make(const char* name) {
    const CreateResult made = create(name);
    REQUIRE(close(made.handle));
    files->forget(made.attr.ino, 1);
  }
};

}  // namespace

TEST_CASE("what was forgotten is found again by its number, without a request while it is known") {
  World world;
  world.store.put_raw("d/e/f", "content");
  const auto d = world.files->lookup(kRootInode, "d");
  REQUIRE(d);
  const auto e = world.files->lookup(d->ino, "e");
  REQUIRE(e);
  const InodeId number = world.look(e->ino, "f");
  REQUIRE(number != 0);
  world.files->forget(e->ino, 1);
  world.files->forget(d->ino, 1);
  CHECK_FALSE(world.files->getattr(number));
  world.store.reset_count();
  const auto found = world.files->lookup(number, ".");
  REQUIRE(found);
  CHECK(found->ino == number);
  CHECK(found->size == 7);
  CHECK(found->generation == 0);
  const auto above = world.files->lookup(number, "..");
  REQUIRE(above);
  CHECK(above->ino == e->ino);
  CHECK(world.files->lookup(above->ino, "..")->ino == d->ino);
  CHECK(world.store.count().total() == 0);
  CHECK(world.files->lookup(d->ino, "..")->ino == kRootInode);
  CHECK(world.read_file(number) == "content");
}

TEST_CASE("a renamed file is found by the number it kept") {
  World world;
  world.make("a");
  const auto a = world.files->lookup(kRootInode, "a");
  REQUIRE(a);
  REQUIRE(world.rename("a", "b"));
  world.files->forget(a->ino, 1);
  world.make("a");
  REQUIRE(world.again(a->ino));
  CHECK(world.look(kRootInode, "b") == a->ino);
  CHECK(world.look(kRootInode, "a") != a->ino);
}

TEST_CASE("a handle of a file that is gone is stale, and the next file of its name is another") {
  World world;
  world.make("a");
  const auto first = world.files->lookup(kRootInode, "a");
  REQUIRE(first);
  world.files->forget(first->ino, 1);
  REQUIRE(world.files->unlink(kRootInode, "a"));
  CHECK(world.again(first->ino).error().err == ESTALE);
  world.make("a");
  const auto second = world.again(first->ino);
  if (second) CHECK(second->generation != first->generation);
  CHECK(world.again(12'345).error().err == ESTALE);
  CHECK(world.again((1ULL << 52U) + 12'345).error().err == ESTALE);
  // What was removed elsewhere.
  world.make("g");
  const InodeId gone = world.look(kRootInode, "g");
  world.store.remove_raw("g");
  world.clock.advance(std::chrono::hours(1));
  CHECK(world.again(gone).error().err == ESTALE);
}

}  // namespace pailfs::fs
