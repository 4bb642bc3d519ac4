// SPDX-License-Identifier: Apache-2.0
// What a change may have done whose reply was lost is not forgotten because a later attempt is
// refused, and a service that refuses a shortcut is not asked for it again.
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::err;
using test::Fault;
using test::Verb;

constexpr std::uint64_t kMiB = 1U << 20U;

struct World : test::FsWorld {
  using FsWorld::FsWorld;

  /// The first such change is made and its reply lost; those that follow are refused.
  void lose_then_refuse(Verb verb, const Error& refusal) {
    lose(verb, refusal, 1);
    fail(verb, refusal);
  }
};

struct Refused {
  int err;
  Refusal refusal;
};

TEST_CASE("a new file whose failed close has stored it is removed and renamed as what it is") {
  const auto [refused, refusal] =
      GENERATE(Refused{EIO, Refusal::failed}, Refused{EIO, Refusal::none},
               Refused{EPERM, Refusal::forbidden}, Refused{EPERM, Refusal::none});
  CAPTURE(refused, static_cast<int>(refusal));
  const bool listed = GENERATE(true, false);
  World w;
  if (listed) w.list();
  w.lose_then_refuse(Verb::put, World::refused(refused, refusal));
  REQUIRE(err(w.try_make("f", "text")) == refused);
  REQUIRE(w.stored("f") == "text");
  w.faults.clear();
  SECTION("it is shown") {
    CHECK(w.read_file("f") == "text");
  }
  SECTION("removed") {
    CHECK(w.files->unlink(kRootInode, "f"));
    CHECK(w.store.keys().empty());
    CHECK(w.look_error("f") == ENOENT);
  }
  SECTION("renamed") {
    CHECK(w.rename("f", "g"));
    CHECK(w.files->sync_all());
    CHECK(w.stored("g") == "text");
    CHECK(w.stored("f") == "none");
    CHECK(w.read_file("g") == "text");
  }
  SECTION("written again") {
    const InodeId ino = w.look("f");
    REQUIRE(ino != 0);
    const auto opened = w.files->open(ino, O_WRONLY | O_TRUNC);
    REQUIRE(opened);
    REQUIRE(w.files->write(opened->handle, 0, std::string("more")));
    CHECK(err(w.close(opened->handle)) == 0);
    CHECK(w.stored("f") == "more");
  }
}

TEST_CASE("a refusal after a lost reply is not the end of the doubt, however many follow") {
  World w;
  const HandleId handle = w.create("f").handle;
  REQUIRE(w.files->write(handle, 0, std::string("text")));
  w.lose_then_refuse(Verb::put, World::refused(EIO, Refusal::none));
  CHECK_FALSE(w.files->fsync(handle));
  CHECK_FALSE(w.files->fsync(handle));
  CHECK(err(w.close(handle)) == EIO);
  w.faults.clear();
  CHECK(w.files->unlink(kRootInode, "f"));
  CHECK(w.store.keys().empty());
}

TEST_CASE("a truncate that failed and was made all the same leaves what it left in the store") {
  World w;
  w.store.put_raw("f", "0123456789");
  const HandleId handle = w.must_open(w.must_look("f"), O_RDWR);
  const InodeId ino = w.must_look("f");
  Error lost{ETIMEDOUT, "the reply is lost"};
  lost.in_doubt = true;
  w.lose(Verb::put, lost, 1);
  SetAttr cut;
  cut.size = 4;
  REQUIRE_FALSE(w.files->setattr(ino, cut));
  REQUIRE(w.stored("f") == "0123");
  SECTION("for a reader") {
    CHECK(w.read(handle) == "0123");
    CHECK(w.files->getattr(ino)->size == 4);
  }
  SECTION("for a writer, who gets no zeros in the place of what is gone") {
    REQUIRE(w.files->write(handle, 2, std::string("xyz")));
    REQUIRE(w.files->fsync(handle));
    CHECK(w.stored("f") == "01xyz");
    CHECK(w.read(handle) == "01xyz");
  }
  SECTION("for a change of attributes") {
    SetAttr change;
    change.mode = 0600;
    REQUIRE(w.files->setattr(ino, change));
    CHECK(w.files->getattr(ino)->size == 4);
    CHECK(w.stored("f") == "0123");
  }
  CHECK(w.close(handle));
}

TEST_CASE("a doubt without effect costs nothing") {
  World w;
  Error lost(EIO, "lost on its way there");
  lost.in_doubt = true;
  w.fail(Verb::put, lost);
  REQUIRE(err(w.try_make("f", "text")) == EIO);
  w.faults.clear();
  SECTION("removed") {
    CHECK(w.files->unlink(kRootInode, "f"));
  }
  SECTION("renamed") {
    CHECK(w.rename("f", "g"));
    CHECK(w.files->sync_all());
    CHECK(w.stored("g") == "text");
  }
  SECTION("stored") {
    CHECK(w.files->sync_all());
    CHECK(w.stored("f") == "text");
  }
  CHECK(w.store.keys().size() <= 1);
}

TEST_CASE("directories and links of a lost reply are there") {
  World w;
  w.list();
  w.lose_then_refuse(Verb::put, World::refused(EPERM, Refusal::forbidden));
  CHECK_FALSE(w.files->mkdir(kRootInode, "d", 0755, {}));
  w.faults.clear();
  w.lose_then_refuse(Verb::put, World::refused(EPERM, Refusal::forbidden));
  CHECK_FALSE(w.files->symlink("target", kRootInode, "l", {}));
  w.faults.clear();
  CHECK(w.look("d") != 0);
  CHECK(w.files->rmdir(kRootInode, "d"));
  CHECK(w.files->unlink(kRootInode, "l"));
  CHECK(w.store.keys().empty());
}

TEST_CASE("a removal of a lost reply has removed") {
  World w;
  w.store.put_raw("f", "text");
  w.store.put_raw("d/", "");
  REQUIRE(w.look("f") != 0);
  REQUIRE(w.look("d") != 0);
  w.lose_then_refuse(Verb::remove, World::refused(EPERM, Refusal::forbidden));
  CHECK_FALSE(w.files->unlink(kRootInode, "f"));
  w.faults.clear();
  w.lose_then_refuse(Verb::remove, World::refused(EPERM, Refusal::forbidden));
  CHECK_FALSE(w.files->rmdir(kRootInode, "d"));
  w.faults.clear();
  CHECK(w.look_error("f") == ENOENT);
  CHECK(w.look_error("d") == ENOENT);
}

TEST_CASE("a rename whose copy or removal is in doubt shows what there is") {
  World w;
  w.store.put_raw("f", "text");
  REQUIRE(w.look("f") != 0);
  w.list();
  const Verb verb = GENERATE(Verb::copy, Verb::remove);
  w.lose_then_refuse(verb, World::refused(EPERM, Refusal::forbidden));
  CHECK_FALSE(w.rename("f", "g"));
  w.faults.clear();
  CHECK(w.read_file("g") == "text");
  CHECK(w.look_error("f") == (verb == Verb::copy ? 0 : ENOENT));
}

TEST_CASE("a version of our own is gone on from when the reply to it was lost") {
  Config config;
  config.multipart_size = 5 * kMiB;
  World w(config);
  const std::string old(12 * kMiB, 'a');
  w.store.put_raw("f", old);
  const auto opened = w.files->open(w.look("f"), O_RDWR);
  REQUIRE(opened);
  // Part of it is written, so that the rest comes from the version it began with.
  REQUIRE(w.files->write(opened->handle, 0, std::string("XYZ")));
  w.lose_then_refuse(Verb::complete_upload, World::refused(EIO, Refusal::none));
  CHECK_FALSE(w.files->fsync(opened->handle));
  w.faults.clear();
  std::string wanted = "XYZ" + old.substr(3);
  REQUIRE((w.stored("f") == wanted));
  SECTION("as it was") {}
  SECTION("written further") {
    REQUIRE(w.files->write(opened->handle, 11 * kMiB, std::string("more")));
    wanted.replace(11 * kMiB, 4, "more");
  }
  SECTION("cut and grown, with a hole where it was") {
    REQUIRE(w.cut(w.look("f"), 6 * kMiB));
    REQUIRE(w.files->write(opened->handle, 12 * kMiB, std::string("end")));
    wanted = wanted.substr(0, 6 * kMiB) + std::string(6 * kMiB, '\0') + "end";
  }
  CHECK(err(w.close(opened->handle)) == 0);
  CHECK((w.stored("f") == wanted));
  CHECK((w.read_file("f") == wanted));
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("... but never from a version of somebody else") {
  World w;
  w.store.put_raw("f", std::string(3 * kMiB, 'a'));
  const auto opened = w.files->open(w.look("f"), O_RDWR);
  REQUIRE(opened);
  REQUIRE(w.files->write(opened->handle, 0, std::string("XYZ")));
  w.lose_then_refuse(Verb::put, World::refused(EIO, Refusal::none));
  CHECK_FALSE(w.files->fsync(opened->handle));
  w.faults.clear();
  w.store.put_raw("f", std::string(3 * kMiB, 'b'));
  // All bytes were fetched for the attempt, but to store them would undo the other client's.
  CHECK(err(w.close(opened->handle)) == ESTALE);
  CHECK((w.stored("f") == std::string(3 * kMiB, 'b')));
}

Config with_parts() {
  Config config;
  config.multipart_size = 5 * kMiB;
  config.copy_part_size = 5 * kMiB;
  return config;
}

TEST_CASE("a version of our own that the store names otherwise later is the one that was stored") {
  test::StoreLimits limits;
  limits.misnames_completed = true;
  World w(with_parts(), limits);
  std::string wanted(12 * kMiB, 'a');
  REQUIRE(err(w.try_make("f", wanted)) == 0);
  SECTION("read") {
    CHECK((w.read_file("f") == wanted));
  }
  SECTION("changed") {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    REQUIRE(w.files->write(opened->handle, 6 * kMiB, std::string("XYZ")));
    wanted.replace(6 * kMiB, 3, "XYZ");
    CHECK(err(w.close(opened->handle)) == 0);
    CHECK((w.stored("f") == wanted));
    CHECK((w.read_file("f") == wanted));
  }
  SECTION("appended to, much") {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    const std::string more(24 * kMiB, 'b');
    for (std::size_t at = 0; at < more.size(); at += kMiB) {
      REQUIRE(w.files->write(opened->handle, wanted.size() + at, more.substr(at, kMiB)));
    }
    CHECK(err(w.close(opened->handle)) == 0);
    CHECK((w.stored("f") == wanted + more));
  }
  SECTION("given another mode") {
    SetAttr mode;
    mode.mode = 0600;
    REQUIRE(w.files->setattr(w.look("f"), mode));
    CHECK(w.store.object("f")->meta("mode") == std::to_string(S_IFREG | 0600));
  }
  SECTION("but replaced elsewhere it is stale, and once known it costs nothing") {
    const auto opened = w.files->open(w.look("f"), O_RDONLY);
    REQUIRE(opened);
    w.store.put_raw("f", std::string(12 * kMiB, 'b'));
    const auto bytes = w.files->read(opened->handle, 0, 100);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().err == ESTALE);
  }
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a reply that names no version, or another size of the same, discards nothing") {
  World w;
  w.store.put_raw("f", std::string(3 * kMiB, 'a'));
  const auto opened = w.files->open(w.look("f"), O_RDWR);
  REQUIRE(opened);
  REQUIRE(w.files->write(opened->handle, 0, std::string("XYZ")));
  w.fail(Verb::get,
         World::refused(EIO, Refusal::none));  // as the client has it after its last attempt
  CHECK(err(w.close(opened->handle)) == EIO);
  w.faults.clear();
  CHECK(w.files->sync_all());
  CHECK((w.stored("f") == "XYZ" + std::string(3 * kMiB - 3, 'a')));
}

TEST_CASE("an object that a HEAD calls empty against its listing is never the base of an append") {
  World w;
  const std::string text(20'000, 'a');
  w.store.put_raw("f", text);
  w.list();  // names this version, and its size
  Fault lie;
  lie.verb = Verb::head;
  lie.key = "f";
  lie.action = Fault::Action::empties;
  w.faults.add(lie);
  CHECK(w.read_file("f") == "error " + std::to_string(EIO));
  CHECK(w.faults.fired() == 2);
  w.faults.clear();
  lie.times = 1;
  w.faults.add(lie);
  CHECK((w.read_file("f") == text));
  CHECK(w.faults.fired() == 1);
}

TEST_CASE("a store that copies no parts gets them sent, and leaves no upload behind") {
  World w(with_parts());
  w.store.put_raw("f", std::string(20 * kMiB, 'a'));
  w.fail(Verb::copy_part, World::refused(ENOTSUP, Refusal::not_supported));
  std::string wanted(20 * kMiB, 'a');
  for (int round = 0; round < 3; ++round) {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    const std::string mark = "round " + std::to_string(round);
    REQUIRE(w.files->write(opened->handle, 10 * kMiB, mark));
    wanted.replace(10 * kMiB, mark.size(), mark);
    CHECK(err(w.close(opened->handle)) == 0);
    CHECK((w.stored("f") == wanted));
  }
  CHECK(w.store.uploads_in_progress() == 0);
  // One was begun in vain, and one each time after that.
  CHECK(w.store.count().create_upload == 4);
  CHECK(w.rename("f", "g"));
  CHECK((w.stored("g") == wanted));
  CHECK(w.store.count().create_upload == 5);
  CHECK(w.store.uploads_in_progress() == 0);
}

}  // namespace
}  // namespace pailfs::fs
