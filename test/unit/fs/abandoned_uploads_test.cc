// SPDX-License-Identifier: Apache-2.0
// No system call waits for the abort of an upload.
#include "fs/write/abandoned_uploads.h"

#include <fcntl.h>

#include <atomic>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

/// A store whose aborts stand at a gate.
struct World : test::FsWorld {
  World() : FsWorld(config()) {
    test::Fault fault;
    fault.verb = test::Verb::abort_upload;
    fault.action = test::Fault::Action::none;
    fault.before = [this](const test::StoreCall&) {
      if (!gate.pass()) late = true;
    };
    faults.add(fault);
    test::Fault part;
    part.verb = test::Verb::upload_part;
    part.action = test::Fault::Action::none;
    part.after = [this](const test::StoreCall&) { ++parts; };
    faults.add(part);
  }
  ~World() {
    gate.open();
    files.reset();
  }
  static Config config() {
    Config config;
    config.parallel = 4;
    config.multipart_size = 5 * kMiB;
    config.memory_limit = 256 * kMiB;
    return config;
  }

  test::Gate gate;
  std::atomic<bool> late = false;
  std::atomic<int> parts = 0;
};

}  // namespace

TEST_CASE("uploads are aborted on a thread of the pool") {
  World w;
  const auto id = w.store.create_upload("f", {}, store::PartOrigin::sent);
  REQUIRE(id);
  AbandonedUploads abandoned(w.faults);
  {
    WorkerPool pool(1);
    abandoned.sweep_on(pool);
    abandoned.add("f", *id);
    abandoned.sweep_on(pool);
    REQUIRE(w.gate.is_reached());
    CHECK(w.store.uploads_in_progress() == 1);
    w.gate.open();
  }
  CHECK_FALSE(w.late);
  CHECK(w.store.uploads_in_progress() == 0);
  CHECK(w.store.count().abort_upload == 1);
}

TEST_CASE("a sweep of its own waits until all is aborted") {
  World w;
  w.gate.open();
  AbandonedUploads abandoned(w.faults);
  for (const char* key : {"f", "g"}) {
    const auto id = w.store.create_upload(key, {}, store::PartOrigin::sent);
    REQUIRE(id);
    abandoned.add(key, *id);
  }
  abandoned.sweep();
  CHECK(w.store.uploads_in_progress() == 0);
}

TEST_CASE("a change of one file does not wait for the abort of the upload of another") {
  World w;
  const CreateResult small = w.create("a", O_RDWR);
  REQUIRE(w.close(small.handle));
  const std::string bytes(22 * kMiB, 'x');
  for (const char* name : {"b", "c", "d"}) {
    const HandleId large = w.create(name, O_RDWR).handle;
    w.parts = 0;
    REQUIRE(w.files->write(large, 0, bytes));
    REQUIRE(test::eventually([&] { return w.parts == 4; }));
    REQUIRE(w.files->unlink(kRootInode, name));
    w.files->release(large);
  }
  SetAttr change;
  change.mode = 0600;
  REQUIRE(w.files->setattr(small.attr.ino, change));
  REQUIRE(w.gate.is_reached());
  CHECK(w.store.uploads_in_progress() == 3);
  CHECK_FALSE(w.late);
  w.gate.open();
  w.files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}
