// SPDX-License-Identifier: Apache-2.0
// Locks between machines, as programs of two mounts see them. The kernel's part is in the mount
// tests.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;
using std::chrono::seconds;

namespace {

struct Mount {
  Mount(store::ObjectStore& bucket, Clock& clock, const Config& config = {})
      : faults(bucket), files(make_file_system(config, faults, clock, {}, &faults)) {}

  HandleId open(const std::string& name, int flags = O_RDWR) const {
    const auto attr = files->lookup(kRootInode, name);
    if (!attr) {
      const auto made = files->create(kRootInode, name, S_IFREG | 0644, flags, {});
      return made ? made->handle : 0;
    }
    // As the kernel does at the first ESTALE.
    auto opened = files->open(attr->ino, flags);
    if (!opened) opened = files->open(files->lookup(kRootInode, name)->ino, flags);
    return opened ? opened->handle : 0;
  }
  static int error(const Status& status) { return status ? 0 : status.error().err; }
  int lock(HandleId handle, LockType type = LockType::exclusive) const {
    return error(files->lock(handle, {LockKind::whole, type, {}, 0, handle, 1}));
  }
  int unlock(HandleId handle) const {
    return error(files->unlock(handle, {LockKind::whole, LockType::shared, {}, 0, handle, 1}));
  }
  std::string read(HandleId handle) const {
    const auto bytes = files->read(handle, 0, 100);
    if (!bytes) return "error " + std::to_string(bytes.error().err);
    std::string text;
    for (const auto& piece : bytes->pieces()) text.append(piece.data(), piece.size());
    return text;
  }
  int write(HandleId handle, const std::string& text) const {
    const auto written = files->write(handle, 0, text);
    return written ? 0 : written.error().err;
  }
  int close(HandleId handle) const {
    const int flushed = error(files->flush(handle));
    files->release(handle);
    return flushed;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    const auto directory = files->opendir(kRootInode);
    static_cast<void>(files->readdir(*directory, 0, false, [&](const DirEntry& entry) {
      if (entry.name != "." && entry.name != "..") names.emplace_back(entry.name);
      return true;
    }));
    files->releasedir(*directory);
    return names;
  }

  FaultStore faults;
  std::unique_ptr<FileSystem> files;
};

struct World {
  FakeClock clock;
  FakeStore bucket{clock};
  Mount a{bucket, clock};
  Mount b{bucket, clock};

  [[nodiscard]] std::string stored(const std::string& key) const {
    const auto object = bucket.object(key);
    return object ? object->content() : "none";
  }
};

}  // namespace

TEST_CASE("a lock shows a handle that was open before what the last holder has stored") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  const HandleId b = world.b.open("f");
  CHECK(world.a.read(a) == "one");
  CHECK(world.b.read(b) == "one");
  REQUIRE(world.a.lock(a) == 0);
  CHECK(world.b.lock(b) == EAGAIN);
  CHECK(world.a.write(a, "two and more") == 0);
  CHECK(world.stored("f") == "one");
  CHECK(world.a.unlock(a) == 0);
  CHECK(world.stored("f") == "two and more");
  CHECK(world.b.read(b) == "one");  // no lock, no other version
  REQUIRE(world.b.lock(b, LockType::shared) == 0);
  CHECK(world.b.read(b) == "two and more");
  CHECK(world.a.lock(a, LockType::shared) == 0);
  CHECK(world.a.lock(a) == EAGAIN);
  CHECK(world.b.close(b) == 0);
  CHECK(world.a.lock(a) == 0);
  CHECK(world.a.write(a, "3") == 0);
  CHECK(world.a.close(a) == 0);
  CHECK(world.stored("f") == "3wo and more");
}

TEST_CASE("of two mounts that make the file that they lock the second gets that of the first") {
  World world;
  const HandleId a = world.a.open("f");
  const HandleId b = world.b.open("f");
  REQUIRE(world.a.lock(a) == 0);
  CHECK(world.a.write(a, "first") == 0);
  CHECK(world.a.close(a) == 0);
  REQUIRE(world.b.lock(b) == 0);
  CHECK(world.b.read(b) == "first");
  CHECK(world.b.close(b) == 0);
  CHECK(world.stored("f") == "first");
}

TEST_CASE("what cannot be stored keeps its lock until it is closed") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  const HandleId b = world.b.open("f");
  REQUIRE(world.a.lock(a) == 0);
  CHECK(world.a.write(a, "two") == 0);
  Fault fault;
  fault.verb = Verb::put;
  fault.key = "f";
  fault.times = 1;
  world.a.faults.add(fault);
  CHECK(world.a.unlock(a) == EIO);
  CHECK(world.b.lock(b) == EAGAIN);
  CHECK(world.a.unlock(a) == 0);
  CHECK(world.b.lock(b) == 0);
  CHECK(world.b.read(b) == "two");
  CHECK(world.b.close(b) == 0);
  CHECK(world.a.close(a) == 0);
}

TEST_CASE("under a lost lock nothing is read, written or stored") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  const HandleId b = world.b.open("f");
  REQUIRE(world.a.lock(a) == 0);
  CHECK(world.a.write(a, "lost") == 0);
  Fault fault;
  fault.error = {ETIMEDOUT, "cut off"};
  world.a.faults.add(fault);
  CHECK(world.b.lock(b) == EAGAIN);  // which sees the last sign of life
  world.clock.advance(seconds(28));
  CHECK(world.a.read(a) == "error 5");
  CHECK(world.a.write(a, "more") == EIO);
  CHECK(Mount::error(world.a.files->fsync(a)) == EIO);
  CHECK(world.a.unlock(a) == EIO);
  world.a.faults.clear();
  CHECK_FALSE(world.a.files->sync_all());
  CHECK(world.stored("f") == "one");
  world.clock.advance(seconds(6));
  REQUIRE(world.b.lock(b) == 0);
  CHECK(world.b.write(b, "new") == 0);
  CHECK(world.b.close(b) == 0);
  CHECK(world.a.close(a) == EIO);
  CHECK(world.a.files->sync_all());
  CHECK(world.stored("f") == "new");
  const HandleId again = world.a.open("f");
  CHECK(world.a.lock(again) == 0);
  CHECK(world.a.read(again) == "new");
  CHECK(world.a.close(again) == 0);
}

TEST_CASE("the names beside a locked file are not believed from before the lock") {
  World world;
  world.bucket.put_raw("lock", "");
  world.bucket.put_raw("beside", "one");
  CHECK(world.b.read(world.b.open("beside", O_RDONLY)) == "one");
  CHECK(world.b.names() == std::vector<std::string>{"beside", "lock"});
  CHECK_FALSE(world.b.files->lookup(kRootInode, "new"));
  const HandleId b = world.b.open("lock");
  world.bucket.put_raw("new", "there");
  world.bucket.remove_raw("beside");
  REQUIRE(world.b.lock(b) == 0);
  CHECK(world.b.names() == std::vector<std::string>{"lock", "new"});
  CHECK(world.b.files->lookup(kRootInode, "new"));
  CHECK_FALSE(world.b.files->lookup(kRootInode, "beside"));
}

TEST_CASE("lease objects are not shown and gone at the end of the mount") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  REQUIRE(world.a.lock(a) == 0);
  const auto keys = world.bucket.keys();
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].starts_with(".pailfs-locks/"));
  CHECK(world.b.names() == std::vector<std::string>{"f"});
  CHECK_FALSE(world.b.files->lookup(kRootInode, ".pailfs-locks"));
  const auto made = world.b.files->mkdir(kRootInode, ".pailfs-locks", 0755, {});
  REQUIRE_FALSE(made);
  CHECK(made.error().err == EPERM);
  world.a.files->give_locks_back();
  const HandleId b = world.b.open("f");
  CHECK(world.b.lock(b) == 0);
}

TEST_CASE("a file that was removed here is locked here alone") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  const HandleId other = world.a.open("f");
  REQUIRE(world.a.files->unlink(kRootInode, "f"));
  CHECK(world.a.lock(a) == 0);
  CHECK(world.a.lock(other) == EAGAIN);
  CHECK(world.bucket.keys().empty());
  CHECK(world.a.close(a) == 0);
  CHECK(world.a.lock(other) == 0);
  CHECK(world.a.close(other) == 0);
}

TEST_CASE("a file that was removed elsewhere can be locked and has no name any more") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId a = world.a.open("f");
  const InodeId ino = world.a.files->lookup(kRootInode, "f")->ino;
  world.bucket.remove_raw("f");
  CHECK(world.a.lock(a) == 0);
  CHECK(world.a.files->getattr(ino)->nlink == 0);
  CHECK(world.a.close(a) == 0);
}

TEST_CASE("a handle that has read nothing can be locked after another one has met a new version") {
  World world;
  world.bucket.put_raw("f", "one");
  const HandleId first = world.a.open("f");
  world.clock.advance(seconds(2));
  world.bucket.put_raw("f", "another");
  const HandleId second = world.a.open("f");
  REQUIRE(world.a.lock(first) == 0);
  CHECK(world.a.read(first) == "another");
  CHECK(world.a.lock(second) == EAGAIN);
  CHECK(world.a.close(first) == 0);
  CHECK(world.a.lock(second) == 0);
  CHECK(world.a.close(second) == 0);
}
