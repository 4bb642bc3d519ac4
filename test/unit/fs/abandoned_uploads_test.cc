// SPDX-License-Identifier: Apache-2.0
// No system call waits for the abort of an upload.
#include "fs/write/abandoned_uploads.h"

#include <fcntl.h>

#include <atomic>
#include <future>
#include <thread>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

/// A store whose aborts hang until `open` is called.
struct World {
  World() {
    test::Fault fault;
    fault.verb = test::Verb::abort_upload;
    fault.action = test::Fault::Action::none;
    fault.before = [this](const test::StoreCall&) {
      reached = true;
      if (opened.wait_for(std::chrono::seconds(20)) != std::future_status::ready) late = true;
    };
    faults.add(fault);
    test::Fault part;
    part.verb = test::Verb::upload_part;
    part.action = test::Fault::Action::none;
    part.after = [this](const test::StoreCall&) { ++parts; };
    faults.add(part);
  }
  void open() { gate.set_value(); }
  void await_abort() const {
    for (int i = 0; i < 20'000 && !reached; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(reached);
  }

  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  std::atomic<bool> reached = false;
  std::atomic<bool> late = false;
  std::atomic<int> parts = 0;
  test::FakeClock clock;
  test::FakeStore store{clock};
  test::FaultStore faults{store};
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
    w.await_abort();
    CHECK(w.store.uploads_in_progress() == 1);
    w.open();
  }
  CHECK_FALSE(w.late);
  CHECK(w.store.uploads_in_progress() == 0);
  CHECK(w.store.count().abort_upload == 1);
}

TEST_CASE("a sweep of its own waits until all is aborted") {
  World w;
  w.open();
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
  Config config;
  config.parallel = 4;
  config.multipart_size = 5 * kMiB;
  config.memory_limit = 256 * kMiB;
  auto files = make_file_system(config, w.faults, w.clock);
  const auto small = files->create(kRootInode, "a", 0644, O_RDWR, Caller{});
  REQUIRE(small);
  REQUIRE(files->flush(small->handle));
  files->release(small->handle);
  const std::string bytes(22 * kMiB, 'x');
  for (const char* name : {"b", "c", "d"}) {
    const auto large = files->create(kRootInode, name, 0644, O_RDWR, Caller{});
    REQUIRE(large);
    w.parts = 0;
    REQUIRE(files->write(large->handle, 0, bytes));
    for (int i = 0; i < 20'000 && w.parts < 4; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(w.parts == 4);
    REQUIRE(files->unlink(kRootInode, name));
    files->release(large->handle);
  }
  SetAttr change;
  change.mode = 0600;
  REQUIRE(files->setattr(small->attr.ino, change));
  w.await_abort();
  CHECK(w.store.uploads_in_progress() == 3);
  CHECK_FALSE(w.late);
  w.open();
  files.reset();
  CHECK(w.store.uploads_in_progress() == 0);
}
