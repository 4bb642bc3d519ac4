// SPDX-License-Identifier: Apache-2.0
// Large new files are sent while they are being written.
#include <fcntl.h>

#include <atomic>
#include <random>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

struct World : test::FsWorld {
  explicit World(const Config& settings = config()) : FsWorld(settings) {
    const CreateResult made = create("f", O_RDWR);
    ino = made.attr.ino;
    handle = made.handle;
  }
  static Config config() {
    Config c;
    c.parallel = 4;
    c.multipart_size = 5 * kMiB;
    c.memory_limit = 256 * kMiB;
    return c;
  }
  void write(std::uint64_t at, std::uint64_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    REQUIRE(files->write(handle, at, bytes));
    expected.resize(std::max<std::size_t>(expected.size(), at + size));
    expected.replace(at, size, bytes);
  }
  void write_through(std::uint64_t megabytes) {
    for (std::uint64_t at = 0; at < megabytes; ++at) write(at * kMiB, kMiB);
  }
  [[nodiscard]] bool come_parts(int count) const {
    return test::eventually([&] { return store.count().upload_part >= count; });
  }
  /// Parts go out by themselves, on threads of their own.
  void await_parts(int count) const { REQUIRE(come_parts(count)); }
  Status close() { return FsWorld::close(handle); }
  [[nodiscard]] bool stored_right() const { return stored("f") == expected; }

  std::mt19937_64 random{5};
  InodeId ino = 0;
  HandleId handle = 0;
  std::string expected;
};

}  // namespace

TEST_CASE("a large file is in the store but for its end when it is closed") {
  World w;
  w.write_through(42);
  w.await_parts(8);
  CHECK_FALSE(w.store.object("f"));
  REQUIRE(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.count().upload_part == 9);
  CHECK(w.store.count().create_upload == 1);
  CHECK(w.store.count().copy == 0);
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a header written last costs its part once more") {
  World w;
  w.write_through(40);
  w.await_parts(8);
  w.write(10, 100);
  REQUIRE(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.count().upload_part == 9);
}

TEST_CASE("a file shortened while its front is being sent is stored as it then is") {
  World w;
  w.write_through(40);
  w.await_parts(8);
  REQUIRE(w.cut(w.ino, 23 * kMiB));
  w.expected.resize(23 * kMiB);
  REQUIRE(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a part that fails early is sent again by the close") {
  World w;
  w.fail(test::Verb::upload_part, 3);
  w.write_through(40);
  REQUIRE(w.close());
  CHECK(w.stored_right());
}

TEST_CASE("a close sends the end of the file beside the parts that are still on their way") {
  World w;
  std::atomic<bool> was_late = false;
  test::Fault slow;
  slow.verb = test::Verb::upload_part;
  slow.nth = 2;
  slow.action = test::Fault::Action::none;
  // This part waits for all others, of which the last is begun by the close.
  slow.before = [&](const test::StoreCall&) { was_late = !w.come_parts(8); };
  w.faults.add(slow);
  w.write_through(42);
  w.await_parts(7);
  REQUIRE(w.close());
  CHECK_FALSE(was_late);
  CHECK(w.stored_right());
}

TEST_CASE("a failed completion is told, and the next close sends everything anew") {
  World w;
  w.fail(test::Verb::complete_upload, 1);
  w.write_through(40);
  CHECK_FALSE(w.files->flush(w.handle));
  CHECK_FALSE(w.store.object("f"));
  CHECK(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("what is set while the front is being sent is on the object after the close") {
  World w;
  w.write_through(40);
  w.await_parts(8);
  SetAttr change;
  change.mode = 0600;
  change.mtime = WallTime(std::chrono::seconds(1'000'000'000));
  REQUIRE(w.files->setattr(w.ino, change));
  REQUIRE(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.count().copy == 1);
  const auto attr = make_file_system(World::config(), w.store, w.clock)->lookup(kRootInode, "f");
  REQUIRE(attr);
  CHECK((attr->mode & 0777) == 0600);
  CHECK(attr->mtime == change.mtime);
}

TEST_CASE("what stat shows after the close is what is stored") {
  World w;
  w.write_through(30);
  w.clock.advance(std::chrono::hours(1));
  w.write(30 * kMiB, 10 * kMiB);
  REQUIRE(w.close());
  const auto here = w.files->getattr(w.ino);
  const auto there = make_file_system(World::config(), w.store, w.clock)->lookup(kRootInode, "f");
  REQUIRE(here);
  REQUIRE(there);
  CHECK(here->mtime == there->mtime);
}

TEST_CASE("a file removed or renamed while its front is being sent leaves no upload behind") {
  World w;
  w.write_through(40);
  w.await_parts(4);
  SECTION("removed") {
    REQUIRE(w.files->unlink(kRootInode, "f"));
    REQUIRE(w.close());
    CHECK_FALSE(w.store.object("f"));
  }
  SECTION("renamed") {
    REQUIRE(w.rename("f", "g"));
    REQUIRE(w.close());
    CHECK(w.stored("g") == w.expected);
    CHECK_FALSE(w.store.object("f"));
  }
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a file larger than memory needs no disk") {
  Config config = World::config();
  config.memory_limit = 32 * kMiB;
  config.disk.pretended_free = 0;
  World w(config);
  w.write_through(100);
  SECTION("and is whole when it is closed") {
    REQUIRE(w.close());
    CHECK(w.stored_right());
    CHECK(w.store.count().upload_part == 20);
  }
  SECTION("and what memory let go of can be read and changed") {
    CHECK(w.read(w.handle, 1000, kMiB) == w.expected.substr(kMiB, 1000));
    w.write(2 * kMiB, 77);
    REQUIRE(w.close());
    CHECK(w.stored_right());
  }
  SECTION("and can be shortened") {
    SetAttr cut;
    cut.size = 7 * kMiB;
    REQUIRE(w.files->setattr(w.ino, cut));
    w.expected.resize(7 * kMiB);
    REQUIRE(w.close());
    CHECK(w.stored_right());
  }
  SECTION("and can be renamed") {
    REQUIRE(w.rename("f", "g"));
    REQUIRE(w.close());
    CHECK(w.stored("g") == w.expected);
  }
  SECTION("and a completion that fails is tried again with what was sent") {
    w.fail(test::Verb::complete_upload, 1);
    CHECK_FALSE(w.files->flush(w.handle));
    REQUIRE(w.close());
    CHECK(w.stored_right());
  }
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE(
    "an upload that the store has lost is an error at every close, and never a shorter file") {
  Config config = World::config();
  config.disk.pretended_free = 0;
  const auto end_uploads = [](World& w) {
    const auto open = w.store.list_uploads("", {});
    REQUIRE(open);
    REQUIRE(open->uploads.size() == 1);
    for (const auto& upload : open->uploads) REQUIRE(w.store.abort_upload(upload.key, upload.id));
  };
  SECTION("where memory has let go of its bytes") {
    config.memory_limit = 32 * kMiB;
    World w(config);
    const auto old = w.store.count().put;
    w.write_through(100);
    end_uploads(w);
    for (int i = 0; i < 3; ++i) {
      const Status told = i == 1 ? w.files->fsync(w.handle) : w.files->flush(w.handle);
      REQUIRE_FALSE(told);
      CHECK(told.error().err == EIO);
    }
    const auto read = w.files->read(w.handle, kMiB, 1000);
    REQUIRE_FALSE(read);
    CHECK(read.error().err == EIO);
    // What is still there goes nowhere else either.
    const auto more = w.files->write(w.handle, 100 * kMiB, std::string(kMiB, 'x'));
    if (!more) CHECK((more.error().err == EIO || more.error().err == ENOSPC));
    CHECK_FALSE(w.close());
    CHECK_FALSE(w.store.object("f"));
    CHECK(w.store.count().put == old);
    // The file can never be stored any more: the name shows the store's object.
    CHECK(w.files->lookup(kRootInode, "f").error().err == ENOENT);
    CHECK(w.files->sync_all());
  }
  SECTION("where all bytes are here it is sent anew") {
    World w(World::config());
    w.write_through(40);
    w.await_parts(8);
    end_uploads(w);
    REQUIRE(w.close());
    CHECK(w.stored_right());
  }
}

TEST_CASE("bytes that are stored already are copied there, not sent again") {
  World w;
  w.write_through(12);
  REQUIRE(w.files->fsync(w.handle));
  w.write(12 * kMiB, 100);
  REQUIRE(w.files->fsync(w.handle));
  CHECK(w.store.bytes_in() < 20 * kMiB);
  REQUIRE(w.close());
  CHECK(w.stored_right());
}

TEST_CASE("with neither memory nor disk a write is refused") {
  Config config = World::config();
  config.memory_limit = 0;
  config.disk.pretended_free = 0;
  World w(config);
  const auto written = w.files->write(w.handle, 0, std::string_view("x"));
  REQUIRE_FALSE(written);
  CHECK(written.error().err == ENOSPC);
}

TEST_CASE("a file may grow after an upload that failed to end with a short part") {
  Config config = World::config();
  config.memory_limit = 32 * kMiB;
  World w(config);
  w.write_through(63);
  w.fail(test::Verb::complete_upload, 1);
  CHECK_FALSE(w.files->fsync(w.handle));
  for (std::uint64_t at = 63; at < 100; ++at) w.write(at * kMiB, kMiB);
  REQUIRE(w.close());
  CHECK(w.stored_right());
}

TEST_CASE("attributes that fail after a completed upload are set by the next close") {
  Config config = World::config();
  config.memory_limit = 32 * kMiB;
  World w(config);
  w.write_through(60);
  SetAttr change;
  change.mtime = WallTime(std::chrono::seconds(1000000000));
  REQUIRE(w.files->setattr(w.ino, change));
  w.fail(test::Verb::copy, 1);
  CHECK_FALSE(w.files->flush(w.handle));
  const int parts = w.store.count().upload_part;
  REQUIRE(w.close());
  CHECK(w.stored_right());
  CHECK(w.store.count().upload_part == parts);
  CHECK(w.store.count().create_upload == 1);
}

TEST_CASE("a file system that ends with an upload it could not complete aborts it") {
  Config config = World::config();
  config.memory_limit = 32 * kMiB;
  World w(config);
  w.write_through(60);
  w.fail(test::Verb::complete_upload);
  CHECK_FALSE(w.close());
  CHECK_FALSE(w.files->sync_all());
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}
