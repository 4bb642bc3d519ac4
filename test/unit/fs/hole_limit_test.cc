// SPDX-License-Identifier: Apache-2.0
// Zeros that no program wrote must be sent all the same, so there is a limit to them.
#include <fcntl.h>

#include <utility>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"

namespace pailfs::fs {
namespace {

using test::err;

constexpr std::uint64_t kKiB = 1U << 10U;
constexpr std::uint64_t kGiB = 1U << 30U;

struct World : test::FsWorld {
  explicit World(Config config) : FsWorld(with_memory(std::move(config))) {}
  static Config with_memory(Config config) {
    config.memory_limit = 64U << 20U;
    return config;
  }
  CreateResult create(const char* name) { return FsWorld::create(name, O_RDWR); }
  CreateResult open(const char* name) {
    const auto found = files->lookup(kRootInode, name);
    REQUIRE(found);
    return {*found, must_open(found->ino, O_RDWR)};
  }
  int resize(InodeId ino, std::uint64_t size) const { return err(cut(ino, size)); }
  int write(HandleId handle, std::uint64_t offset, std::size_t size) const {
    return err(files->write(handle, offset, std::string(size, 'w')));
  }
  int allocate(HandleId handle, std::uint64_t offset, std::uint64_t size) const {
    return err(files->allocate(handle, {offset, size, false, true}));
  }
  [[nodiscard]] std::uint64_t size(InodeId ino) const { return files->getattr(ino)->size; }
};

Config with_limit(std::uint64_t limit) {
  Config config;
  config.hole_limit = limit;
  return config;
}

}  // namespace

TEST_CASE("what makes more zeros than a file may have is refused and changes nothing") {
  World world(with_limit(64 * kKiB));
  const CreateResult made = world.create("f");
  REQUIRE(world.write(made.handle, 0, kKiB) == 0);
  CHECK(world.resize(made.attr.ino, 65 * kKiB + 1) == EFBIG);
  CHECK(world.allocate(made.handle, 0, 65 * kKiB + 1) == EFBIG);
  CHECK(world.write(made.handle, 65 * kKiB + 1, 1) == EFBIG);
  CHECK(world.size(made.attr.ino) == kKiB);
  CHECK(world.resize(made.attr.ino, 65 * kKiB) == 0);
  // What is written into the hole makes room for more of it; what lies behind it is no hole.
  CHECK(world.write(made.handle, 32 * kKiB, 8 * kKiB) == 0);
  CHECK(world.write(made.handle, 65 * kKiB, 100 * kKiB) == 0);
  CHECK(world.allocate(made.handle, 0, 173 * kKiB) == 0);
  CHECK(world.allocate(made.handle, 0, 173 * kKiB + 1) == EFBIG);
  CHECK(world.size(made.attr.ino) == 173 * kKiB);
  REQUIRE(world.files->flush(made.handle));
  // Stored, they are bytes like others.
  CHECK(world.resize(made.attr.ino, (173 + 64) * kKiB) == 0);
  CHECK(world.resize(made.attr.ino, 10) == 0);
  CHECK(world.resize(made.attr.ino, 64 * kKiB + 10) == 0);
  CHECK(world.resize(made.attr.ino, 64 * kKiB + 11) == EFBIG);
  world.files->release(made.handle);
  CHECK(world.store.object("f")->content().size() == 64 * kKiB + 10);
}

TEST_CASE("by path too, and nothing is sent") {
  World world(with_limit(64 * kKiB));
  world.store.put_raw("f", "old");
  const CreateResult found = world.open("f");
  world.files->release(found.handle);
  SetAttr change;
  change.size = kGiB;
  CHECK(world.files->setattr(found.attr.ino, change).error().err == EFBIG);
  CHECK(world.store.object("f")->content() == "old");
  CHECK(world.store.bytes_in() == 0);
  CHECK(world.size(found.attr.ino) == 3);
}

TEST_CASE("a file without a name may have any hole") {
  World world(with_limit(64 * kKiB));
  const CreateResult made = world.create("f");
  REQUIRE(world.files->unlink(kRootInode, "f"));
  CHECK(world.resize(made.attr.ino, 1'000 * kGiB) == 0);
  CHECK(world.write(made.handle, 2'000 * kGiB, 1) == 0);
  world.files->release(made.handle);
}

TEST_CASE("what no object can hold is refused when it is written, not when it is stored") {
  World parts(with_limit(UINT64_MAX));
  const CreateResult large = parts.create("f");
  CHECK(parts.resize(large.attr.ino, 50'000 * kGiB) == 0);
  CHECK(parts.resize(large.attr.ino, 50'000 * kGiB + 1) == EFBIG);
  CHECK(parts.write(large.handle, 50'000 * kGiB, 1) == EFBIG);
  CHECK(parts.resize(large.attr.ino, 0) == 0);
  parts.files->release(large.handle);

  Config config = with_limit(UINT64_MAX);
  config.no_multipart = true;
  World whole(config);
  const CreateResult small = whole.create("f");
  CHECK(whole.write(small.handle, 5 * kGiB - 1, 2) == EFBIG);
  CHECK(whole.resize(small.attr.ino, 5 * kGiB + 1) == EFBIG);
  CHECK(whole.size(small.attr.ino) == 0);
  whole.files->release(small.handle);
}

TEST_CASE("room that the bucket is said not to have cannot be allocated") {
  Config config = with_limit(UINT64_MAX);
  config.size_shown = kGiB;
  World world(config);
  const CreateResult made = world.create("f");
  CHECK(world.allocate(made.handle, 0, kGiB + 1) == ENOSPC);
  CHECK(world.allocate(made.handle, 0, 100 * kKiB) == 0);
  CHECK(world.size(made.attr.ino) == 100 * kKiB);
  world.files->release(made.handle);
}

}  // namespace pailfs::fs
