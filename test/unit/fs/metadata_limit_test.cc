// SPDX-License-Identifier: Apache-2.0
// Bytes are never lost because of the attributes that go with them.
#include "fs/format/object_headers.h"
#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"

namespace pailfs::fs {
namespace {

using test::err;

constexpr std::uint64_t kMiB = 1U << 20U;

struct World : test::FsWorld {
  explicit World(std::size_t most_metadata = 2048, std::uint64_t multipart_size = 10 * kMiB)
      : FsWorld(config(multipart_size), limits(most_metadata)) {}
  static test::StoreLimits limits(std::size_t most_metadata) {
    test::StoreLimits limits;
    limits.max_metadata = most_metadata;
    return limits;
  }
  static Config config(std::uint64_t multipart_size) {
    Config config;
    config.use_xattr = true;
    config.memory_limit = 64 * kMiB;
    config.multipart_size = multipart_size;
    return config;
  }
  int write(HandleId handle, std::uint64_t offset, std::string_view bytes) const {
    return err(files->write(handle, offset, bytes));
  }
  int set(InodeId ino, const char* name, std::size_t size) const {
    return err(files->setxattr(ino, name, std::string(size, 'v'), XattrMode::any, {}));
  }
  int flush(HandleId handle) const { return err(files->flush(handle)); }
};

}  // namespace

TEST_CASE("what surely fits leaves room for the longest mode, owner and times") {
  struct Row {
    std::size_t metadata;
    std::size_t standard;
    bool fits;
  };
  // The six headers and rdev at their longest have 137 bytes.
  for (const Row& row : {Row{0, 0, true}, Row{1'000, 1'000, true}, Row{1'910, 0, true},
                         Row{1'911, 0, false}, Row{2'048, 0, false}, Row{0, 3'000, false}}) {
    CAPTURE(row.metadata, row.standard);
    store::ObjectAttributes attributes;
    attributes.metadata.emplace_back("a", std::string(row.metadata, 'v'));
    attributes.standard.emplace_back("Cache-Control", std::string(row.standard, 'v'));
    CHECK(surely_fit(attributes) == row.fits);
  }
}

TEST_CASE("a service that takes less gets the bytes all the same, and the close tells") {
  World world(300);
  const CreateResult made = world.create("f");
  REQUIRE(world.write(made.handle, 0, "content") == 0);
  CHECK(world.set(made.attr.ino, "user.a", 400) == 0);
  CHECK(world.flush(made.handle) == E2BIG);
  CHECK(world.stored("f") == "content");
  // Told once, and over.
  CHECK(world.flush(made.handle) == 0);
  CHECK(world.files->getxattr(made.attr.ino, "user.a").error().err == ENODATA);
  REQUIRE(world.write(made.handle, 0, "C") == 0);
  CHECK(world.set(made.attr.ino, "user.b", 10) == 0);
  CHECK(world.flush(made.handle) == 0);
  CHECK(world.stored("f") == "Content");
  CHECK(world.files->getxattr(made.attr.ino, "user.b")->size() == 10);
  world.files->release(made.handle);
}

TEST_CASE("a service that has no limit is asked for more than S3 takes") {
  World world(SIZE_MAX);
  const CreateResult made = world.create("f");
  REQUIRE(world.write(made.handle, 0, "content") == 0);
  CHECK(world.set(made.attr.ino, "user.a", 3'000) == 0);
  CHECK(world.flush(made.handle) == 0);
  world.files->release(made.handle);
  CHECK(world.files->getxattr(made.attr.ino, "user.a")->size() == 3'000);
}

TEST_CASE("a refused attribute leaves an open unchanged file as it was, and its close is silent") {
  World world;
  CreateResult made = world.create("f");
  REQUIRE(world.write(made.handle, 0, "content") == 0);
  REQUIRE(world.flush(made.handle) == 0);
  CHECK(world.set(made.attr.ino, "user.a", 3'000) == E2BIG);
  CHECK(world.flush(made.handle) == 0);
  REQUIRE(world.write(made.handle, 7, "!") == 0);
  CHECK(world.flush(made.handle) == 0);
  CHECK(world.stored("f") == "content!");
  world.files->release(made.handle);
}

TEST_CASE("attributes set while a large file is being sent are stored with it") {
  for (const std::size_t size : {std::size_t{100}, std::size_t{3'000}}) {
    CAPTURE(size);
    World world(2048, 5 * kMiB);
    const CreateResult made = world.create("f");
    const std::string part(kMiB, 'p');
    for (std::uint64_t at = 0; at < 25; ++at) {
      REQUIRE(world.write(made.handle, at * kMiB, part) == 0);
    }
    // A thread of the pool begins it.
    REQUIRE(test::eventually([&] { return world.store.uploads_in_progress() == 1; }));
    CHECK(world.set(made.attr.ino, "user.a", size) == (size == 100 ? 0 : E2BIG));
    CHECK(world.flush(made.handle) == 0);
    CHECK(world.stored("f").size() == 25 * kMiB);
    const auto value = world.files->getxattr(made.attr.ino, "user.a");
    CHECK((value ? value->size() : 0) == (size == 100 ? 100 : 0));
    world.files->release(made.handle);
  }
}

}  // namespace pailfs::fs
