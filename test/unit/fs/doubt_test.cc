// SPDX-License-Identifier: Apache-2.0
// What a change may have done whose reply was lost is not forgotten because a later attempt is
// refused, and a service that refuses a shortcut is not asked for it again.
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using test::Verb;

constexpr std::uint64_t kMiB = 1U << 20U;

struct World {
  explicit World(const Config& config = Config(), const test::StoreLimits& limits = {})
      : store(clock, limits), faults(store), files(make_file_system(config, faults, clock)) {}

  InodeId look(const std::string& name) const {
    const auto attr = files->lookup(kRootInode, name);
    return attr ? attr->ino : 0;
  }
  int look_error(const std::string& name) const {
    const auto attr = files->lookup(kRootInode, name);
    return attr ? 0 : attr.error().err;
  }
  /// Makes and writes the file; the error of its close.
  int write(const std::string& name, const std::string& text) const {
    const auto made = files->create(kRootInode, name, 0644, O_WRONLY, {});
    if (!made) return made.error().err;
    static_cast<void>(files->write(made->handle, 0, text));
    return close(made->handle);
  }
  int close(HandleId handle) const {
    const Status flushed = files->flush(handle);
    files->release(handle);
    return flushed ? 0 : flushed.error().err;
  }
  std::string read(const std::string& name) const {
    const auto opened = files->open(look(name), O_RDONLY);
    if (!opened) return "error " + std::to_string(opened.error().err);
    const auto bytes = files->read(opened->handle, 0, 64 * kMiB);
    files->release(opened->handle);
    if (!bytes) return "error " + std::to_string(bytes.error().err);
    std::string out(bytes->size(), '?');
    bytes->copy_to(out);
    return out;
  }
  [[nodiscard]] std::string stored(const std::string& key) const {
    const auto object = store.object(key);
    return object ? object->content() : "none";
  }
  /// The first such change is made and its reply lost; those that follow are refused.
  void lose_then_refuse(Verb verb, int err, Refusal refusal) {
    Fault lost;
    lost.verb = verb;
    lost.nth = 1;
    lost.action = Fault::Action::apply_then_fail;
    lost.error = Error(err, "refused after its reply was lost");
    lost.error.refusal = refusal;
    faults.add(lost);
    refuse(verb, err, refusal);
  }
  void refuse(Verb verb, int err, Refusal refusal) {
    Fault refused;
    refused.verb = verb;
    refused.error = Error(err, "refused");
    refused.error.refusal = refusal;
    faults.add(refused);
  }
  /// The directory is known to hold nothing.
  void list_root() const {
    const auto handle = files->opendir(kRootInode);
    REQUIRE(handle);
    REQUIRE(files->readdir(*handle, 0, false, [](const DirEntry&) { return true; }));
    files->releasedir(*handle);
  }

  test::FakeClock clock;
  test::FakeStore store;
  test::FaultStore faults;
  std::unique_ptr<FileSystem> files;
};

struct Refused {
  int err;
  Refusal refusal;
};

TEST_CASE("a new file whose failed close has stored it is removed and renamed as what it is") {
  const auto [err, refusal] =
      GENERATE(Refused{EIO, Refusal::failed}, Refused{EIO, Refusal::none},
               Refused{EPERM, Refusal::forbidden}, Refused{EPERM, Refusal::none});
  CAPTURE(err, static_cast<int>(refusal));
  const bool listed = GENERATE(true, false);
  World w;
  if (listed) w.list_root();
  w.lose_then_refuse(Verb::put, err, refusal);
  REQUIRE(w.write("f", "text") == err);
  REQUIRE(w.stored("f") == "text");
  w.faults.clear();
  SECTION("it is shown") {
    CHECK(w.read("f") == "text");
  }
  SECTION("removed") {
    CHECK(w.files->unlink(kRootInode, "f"));
    CHECK(w.store.keys().empty());
    CHECK(w.look_error("f") == ENOENT);
  }
  SECTION("renamed") {
    CHECK(w.files->rename(kRootInode, "f", kRootInode, "g", false));
    CHECK(w.files->sync_all());
    CHECK(w.stored("g") == "text");
    CHECK(w.stored("f") == "none");
    CHECK(w.read("g") == "text");
  }
  SECTION("written again") {
    const InodeId ino = w.look("f");
    REQUIRE(ino != 0);
    const auto opened = w.files->open(ino, O_WRONLY | O_TRUNC);
    REQUIRE(opened);
    REQUIRE(w.files->write(opened->handle, 0, std::string("more")));
    CHECK(w.close(opened->handle) == 0);
    CHECK(w.stored("f") == "more");
  }
}

TEST_CASE("a refusal after a lost reply is not the end of the doubt, however many follow") {
  World w;
  const auto made = w.files->create(kRootInode, "f", 0644, O_WRONLY, {});
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string("text")));
  w.lose_then_refuse(Verb::put, EIO, Refusal::none);
  CHECK_FALSE(w.files->fsync(made->handle));
  CHECK_FALSE(w.files->fsync(made->handle));
  CHECK(w.close(made->handle) == EIO);
  w.faults.clear();
  CHECK(w.files->unlink(kRootInode, "f"));
  CHECK(w.store.keys().empty());
}

TEST_CASE("a doubt without effect costs nothing") {
  World w;
  Fault lost;
  lost.verb = Verb::put;
  lost.error = Error(EIO, "lost on its way there");
  lost.error.in_doubt = true;
  w.faults.add(lost);
  REQUIRE(w.write("f", "text") == EIO);
  w.faults.clear();
  SECTION("removed") {
    CHECK(w.files->unlink(kRootInode, "f"));
  }
  SECTION("renamed") {
    CHECK(w.files->rename(kRootInode, "f", kRootInode, "g", false));
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
  w.list_root();
  w.lose_then_refuse(Verb::put, EPERM, Refusal::forbidden);
  CHECK_FALSE(w.files->mkdir(kRootInode, "d", 0755, {}));
  w.faults.clear();
  w.lose_then_refuse(Verb::put, EPERM, Refusal::forbidden);
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
  w.lose_then_refuse(Verb::remove, EPERM, Refusal::forbidden);
  CHECK_FALSE(w.files->unlink(kRootInode, "f"));
  w.faults.clear();
  w.lose_then_refuse(Verb::remove, EPERM, Refusal::forbidden);
  CHECK_FALSE(w.files->rmdir(kRootInode, "d"));
  w.faults.clear();
  CHECK(w.look_error("f") == ENOENT);
  CHECK(w.look_error("d") == ENOENT);
}

TEST_CASE("a rename whose copy or removal is in doubt shows what there is") {
  World w;
  w.store.put_raw("f", "text");
  REQUIRE(w.look("f") != 0);
  w.list_root();
  const Verb verb = GENERATE(Verb::copy, Verb::remove);
  w.lose_then_refuse(verb, EPERM, Refusal::forbidden);
  CHECK_FALSE(w.files->rename(kRootInode, "f", kRootInode, "g", false));
  w.faults.clear();
  CHECK(w.read("g") == "text");
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
  w.lose_then_refuse(Verb::complete_upload, EIO, Refusal::none);
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
    SetAttr shorter;
    shorter.size = 6 * kMiB;
    shorter.by_handle = true;
    REQUIRE(w.files->setattr(w.look("f"), shorter));
    REQUIRE(w.files->write(opened->handle, 12 * kMiB, std::string("end")));
    wanted = wanted.substr(0, 6 * kMiB) + std::string(6 * kMiB, '\0') + "end";
  }
  CHECK(w.close(opened->handle) == 0);
  CHECK((w.stored("f") == wanted));
  CHECK((w.read("f") == wanted));
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("... but never from a version of somebody else") {
  World w;
  w.store.put_raw("f", std::string(3 * kMiB, 'a'));
  const auto opened = w.files->open(w.look("f"), O_RDWR);
  REQUIRE(opened);
  REQUIRE(w.files->write(opened->handle, 0, std::string("XYZ")));
  w.lose_then_refuse(Verb::put, EIO, Refusal::none);
  CHECK_FALSE(w.files->fsync(opened->handle));
  w.faults.clear();
  w.store.put_raw("f", std::string(3 * kMiB, 'b'));
  // All bytes were fetched for the attempt, so that nothing is mixed; the last close wins.
  CHECK(w.close(opened->handle) == 0);
  CHECK((w.stored("f") == "XYZ" + std::string(3 * kMiB - 3, 'a')));
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
  REQUIRE(w.write("f", wanted) == 0);
  SECTION("read") {
    CHECK((w.read("f") == wanted));
  }
  SECTION("changed") {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    REQUIRE(w.files->write(opened->handle, 6 * kMiB, std::string("XYZ")));
    wanted.replace(6 * kMiB, 3, "XYZ");
    CHECK(w.close(opened->handle) == 0);
    CHECK((w.stored("f") == wanted));
    CHECK((w.read("f") == wanted));
  }
  SECTION("appended to, much") {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    const std::string more(24 * kMiB, 'b');
    for (std::size_t at = 0; at < more.size(); at += kMiB) {
      REQUIRE(w.files->write(opened->handle, wanted.size() + at, more.substr(at, kMiB)));
    }
    CHECK(w.close(opened->handle) == 0);
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
  w.refuse(Verb::get, EIO, Refusal::none);  // as the client has it after its last attempt
  CHECK(w.close(opened->handle) == EIO);
  w.faults.clear();
  CHECK(w.files->sync_all());
  CHECK((w.stored("f") == "XYZ" + std::string(3 * kMiB - 3, 'a')));
}

TEST_CASE("an object that a HEAD calls empty against its listing is never the base of an append") {
  World w;
  const std::string text(20'000, 'a');
  w.store.put_raw("f", text);
  w.list_root();  // names this version, and its size
  Fault lie;
  lie.verb = Verb::head;
  lie.key = "f";
  lie.action = Fault::Action::empties;
  w.faults.add(lie);
  CHECK(w.read("f") == "error " + std::to_string(EIO));
  CHECK(w.faults.fired() == 2);
  w.faults.clear();
  lie.times = 1;
  w.faults.add(lie);
  CHECK((w.read("f") == text));
  CHECK(w.faults.fired() == 1);
}

TEST_CASE("a store that copies no parts gets them sent, and leaves no upload behind") {
  World w(with_parts());
  w.store.put_raw("f", std::string(20 * kMiB, 'a'));
  w.refuse(Verb::copy_part, ENOTSUP, Refusal::not_supported);
  std::string wanted(20 * kMiB, 'a');
  for (int round = 0; round < 3; ++round) {
    const auto opened = w.files->open(w.look("f"), O_RDWR);
    REQUIRE(opened);
    const std::string mark = "round " + std::to_string(round);
    REQUIRE(w.files->write(opened->handle, 10 * kMiB, mark));
    wanted.replace(10 * kMiB, mark.size(), mark);
    CHECK(w.close(opened->handle) == 0);
    CHECK((w.stored("f") == wanted));
  }
  CHECK(w.store.uploads_in_progress() == 0);
  // One was begun in vain, and one each time after that.
  CHECK(w.store.count().create_upload == 4);
  CHECK(w.files->rename(kRootInode, "f", kRootInode, "g", false));
  CHECK((w.stored("g") == wanted));
  CHECK(w.store.count().create_upload == 5);
  CHECK(w.store.uploads_in_progress() == 0);
}

}  // namespace
}  // namespace pailfs::fs
