// SPDX-License-Identifier: Apache-2.0
// What is appended to a large object is sent while it is being written, the rest copied there.
#include <fcntl.h>

#include <random>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

struct World : test::FsWorld {
  explicit World(std::uint64_t base_size = 30 * kMiB, const Config& settings = config())
      : FsWorld(settings), expected(base_size, 'b') {
    store.put_raw("f", expected);
    ino = must_look("f");
    handle = must_open(ino, O_RDWR);
    store.reset_count();
  }
  static Config config() {
    Config c;
    c.parallel = 4;
    c.multipart_size = 5 * kMiB;
    c.copy_part_size = 12 * kMiB;
    c.memory_limit = 256 * kMiB;
    return c;
  }
  void write(std::uint64_t at, const std::string& bytes) {
    REQUIRE(files->write(handle, at, bytes));
    expected.resize(std::max<std::size_t>(expected.size(), at + bytes.size()));
    expected.replace(at, bytes.size(), bytes);
  }
  void append(std::uint64_t megabytes) {
    for (std::uint64_t i = 0; i < megabytes; ++i) {
      write(expected.size(), std::string(kMiB, static_cast<char>('A' + i % 26)));
    }
  }
  void cut_to(std::uint64_t size) {
    REQUIRE(cut(ino, size));
    expected.resize(size);
  }
  /// Parts go out by themselves, on threads of their own.
  void await(int sent, int copied) const {
    REQUIRE(test::eventually(
        [&] { return store.count().upload_part >= sent && store.count().copy_part >= copied; }));
  }
  [[nodiscard]] bool stored_right() const { return stored("f") == expected; }
  [[nodiscard]] bool reads_right(std::uint64_t at, std::size_t size) const {
    return read(handle, size, at) == expected.substr(at, size);
  }

  InodeId ino = 0;
  HandleId handle = 0;
  std::string expected;
};

TEST_CASE("an append whose confirmation was lost is reported and neither undone nor done twice") {
  World w;
  w.append(22);
  w.lose(test::Verb::complete_upload, {EIO, "reply lost"}, 1);
  CHECK_FALSE(w.files->flush(w.handle));
  CHECK(w.stored_right());
  SECTION("the next attempt finds that the object is what the first one was to make") {
    CHECK(w.files->fsync(w.handle));
    CHECK(w.stored_right());
    CHECK(w.store.uploads_in_progress() == 0);
  }
  SECTION("any other version may be anybody's (law L11)") {
    const std::string theirs(52 * kMiB, 'x');
    w.store.put_raw("f", theirs);
    const auto again = w.files->fsync(w.handle);
    REQUIRE_FALSE(again);
    CHECK(again.error().err == ESTALE);
    CHECK((w.stored("f") == theirs));
  }
}

}  // namespace

TEST_CASE("what is appended to a large object is in the store but for its end when it is closed") {
  World w;
  w.append(22);
  w.await(4, 3);
  CHECK(w.stored("f") == std::string(30 * kMiB, 'b'));
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
  CHECK(w.store.count().create_upload == 1);
  CHECK(w.store.count().upload_part == 5);
  CHECK(w.store.count().copy_part == 3);
  CHECK(w.store.bytes_in() == 22 * kMiB);
  CHECK(w.store.bytes_out() == 0);
  // And once more, upon what that stored.
  w.append(21);
  w.await(9, 6);
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
  w.files->release(w.handle);
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a large append that turns out to be something else is stored as what it is") {
  World w;
  w.append(22);
  w.await(4, 3);
  SECTION("written in front of what is appended") {
    w.write(7 * kMiB, "changed");
    w.append(22);
  }
  SECTION("written over what was sent") {
    w.write(33 * kMiB, "changed");
  }
  SECTION("cut within what is copied") {
    w.cut_to(17 * kMiB);
    w.append(22);
  }
  SECTION("cut within what was sent") {
    w.cut_to(37 * kMiB);
    w.append(3);
  }
  SECTION("cut to nothing") {
    w.cut_to(0);
    w.append(30);
  }
  SECTION("a hole and something behind it") {
    w.write(80 * kMiB, "end");
  }
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
  w.files->release(w.handle);
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE(
    "a large append to an object that was replaced meanwhile is refused, and undoes nothing") {
  World w;
  w.append(22);
  w.await(4, 3);
  w.store.put_raw("f", "somebody else's");
  const Status told = w.files->flush(w.handle);
  REQUIRE_FALSE(told);
  CHECK(told.error().err == ESTALE);
  CHECK(w.stored("f") == "somebody else's");
  w.files->release(w.handle);
  w.files.reset();
  CHECK(w.stored("f") == "somebody else's");
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a large append that the store does not take as it was begun is stored otherwise") {
  World w;
  SECTION("parts cannot be copied") {
    w.fail(test::Verb::copy_part, World::refused(ENOTSUP, Refusal::not_supported));
  }
  SECTION("copied parts are of the wrong size") {
    w.fail(test::Verb::complete_upload, World::refused(EIO, Refusal::part_unsuitable), 1);
  }
  SECTION("a part fails once") {
    w.fail(test::Verb::upload_part, World::refused(EIO, Refusal::failed), 2);
  }
  SECTION("a copy fails once") {
    w.fail(test::Verb::copy_part, World::refused(EIO, Refusal::failed), 2);
  }
  w.append(22);
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
  w.files->release(w.handle);
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a large append whose upload is gone is sent anew, and a failure is told and keeps all") {
  World w;
  w.append(22);
  w.await(4, 3);
  SECTION("gone") {
    const auto open = w.store.list_uploads("", {});
    REQUIRE(open);
    for (const auto& upload : open->uploads) REQUIRE(w.store.abort_upload(upload.key, upload.id));
    REQUIRE(w.files->flush(w.handle));
  }
  SECTION("a failure") {
    w.fail(test::Verb::complete_upload, World::refused(EIO, Refusal::failed));
    for (int i = 0; i < 2; ++i) {
      const Status told = w.files->flush(w.handle);
      REQUIRE_FALSE(told);
      CHECK(told.error().err == EIO);
    }
    CHECK(w.stored("f") == std::string(30 * kMiB, 'b'));
    w.faults.clear();
    w.append(1);
    REQUIRE(w.files->flush(w.handle));
  }
  CHECK(w.stored_right());
  w.files->release(w.handle);
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("what is appended can be read at once, also what memory and disk have no room for") {
  Config config = World::config();
  config.memory_limit = 32 * kMiB;
  config.disk.pretended_free = 0;
  World w(30 * kMiB, config);
  w.append(60);
  for (const std::uint64_t at : {0UL, 29 * kMiB, 30 * kMiB, 55 * kMiB, 89 * kMiB}) {
    CHECK(w.reads_right(at, 2 * kMiB));
  }
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
}

TEST_CASE("what is appended is not sent early where nothing may be copied") {
  Config config = World::config();
  config.no_mix_upload = true;
  World w(30 * kMiB, config);
  w.append(22);
  CHECK(w.store.count().create_upload == 0);
  REQUIRE(w.files->flush(w.handle));
  CHECK(w.stored_right());
}

TEST_CASE(
    "whatever is written, cut, read and stored around a large append, the object is the file") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 12; ++round) {
    World w((6 + random() % 12) * kMiB);
    for (int step = 0; step < 24; ++step) {
      switch (random() % 8) {
        case 0:
          w.write(random() % (w.expected.size() + kMiB), std::string(random() % 1000 + 1, 'x'));
          break;
        case 1:
          if (random() % 4 == 0) w.cut_to(random() % (w.expected.size() + 1));
          break;
        case 2:
          if (random() % 3 == 0) {
            REQUIRE(w.files->flush(w.handle));
            REQUIRE(w.stored_right());
          }
          break;
        case 3:
          REQUIRE(w.reads_right(random() % (w.expected.size() + 1), 1000));
          break;
        default:
          w.append(1 + random() % 8);
      }
    }
    REQUIRE(w.files->flush(w.handle));
    CHECK(w.stored_right());
    w.files->release(w.handle);
    w.files.reset();
    CHECK(w.store.uploads_in_progress() == 0);
  }
}
