// SPDX-License-Identifier: Apache-2.0
// What the file system says about itself while it works.
#include <fcntl.h>

#include <algorithm>

#include "support/catch.h"
#include "support/fs_world.h"

using namespace pailfs;      // NOLINT: a test file
using namespace pailfs::fs;  // NOLINT

namespace {

constexpr std::uint64_t kMegabyte = 1U << 20U;

struct World : test::FsWorld {
  World() : FsWorld(config()) {}

  static Config config() {
    Config c;
    c.parallel = 1;
    c.multipart_size = 5 * kMegabyte;
    return c;
  }
  HandleId written(const char* name, std::size_t size) {
    const HandleId handle = create(name).handle;
    if (size > 0) REQUIRE(files->write(handle, 0, std::string(size, 'x')));
    return handle;
  }
};

}  // namespace

TEST_CASE("what is written and not stored is told until it is stored", "[fs]") {
  World w;
  CHECK(w.files->activity().unstored.empty());
  const HandleId handle = w.written("f", 1000);
  Activity activity = w.files->activity();
  CHECK(activity.open_files == 1);
  REQUIRE(activity.unstored.size() == 1);
  CHECK(activity.unstored[0].path == "f");
  CHECK(activity.unstored[0].bytes == 1000);
  CHECK(activity.unstored[0].failure.empty());
  CHECK(activity.unstored_bytes() == 1000);
  REQUIRE(w.files->flush(handle));
  activity = w.files->activity();
  CHECK(activity.unstored.empty());
  CHECK(activity.uploads.empty());
  CHECK(activity.cached_attributes > 0);
  w.files->release(handle);
  CHECK(w.files->activity().open_files == 0);
}

TEST_CASE("a failure is told with its file, its time and its words, and the bytes stay", "[fs]") {
  World w;
  Error slow(EIO, "PUT f SlowDown");
  slow.request_id = "R5";
  w.fail(test::Verb::put, slow);
  const HandleId handle = w.written("f", 10);
  const WallTime when = w.clock.wall();
  CHECK_FALSE(w.close(handle));
  Activity activity = w.files->activity();
  REQUIRE(activity.unstored.size() == 1);
  CHECK(activity.unstored[0].bytes == 10);
  CHECK(activity.unstored[0].failure == "store f: PUT f SlowDown");
  CHECK(activity.store_failures >= 1);
  REQUIRE(activity.last_failure);
  CHECK(activity.last_failure->path == "f");
  CHECK(activity.last_failure->time >= when);
  CHECK(activity.last_failure->error.request_id == "R5");

  w.faults.clear();
  CHECK(w.files->sync_all());
  activity = w.files->activity();
  CHECK(activity.unstored.empty());
  CHECK(activity.last_failure);
  CHECK(w.store.object("f"));
}

TEST_CASE("an upload under way shows how far it has come", "[fs]") {
  World w;
  const HandleId handle = w.written("big", 12 * kMegabyte);
  std::vector<UploadState> seen;
  test::Fault watch;
  watch.verb = test::Verb::upload_part;
  watch.action = test::Fault::Action::none;
  watch.after = [&](const test::StoreCall&) {
    const Activity activity = w.files->activity();
    seen.insert(seen.end(), activity.uploads.begin(), activity.uploads.end());
  };
  w.faults.add(watch);
  REQUIRE(w.files->flush(handle));
  REQUIRE(seen.size() >= 2);
  CHECK(std::all_of(seen.begin(), seen.end(), [](const UploadState& state) {
    return state.path == "big" && state.bytes_total == 12 * kMegabyte && state.bytes_done > 0;
  }));
  CHECK(seen.front().bytes_done < seen.back().bytes_done);
  CHECK(seen.back().bytes_done == 12 * kMegabyte);
  CHECK(w.files->activity().uploads.empty());
  w.files->release(handle);
}

TEST_CASE("a file that was removed while open is nobody's loss", "[fs]") {
  World w;
  const HandleId handle = w.written("f", 10);
  REQUIRE(w.files->unlink(kRootInode, "f"));
  CHECK(w.files->activity().unstored.empty());
  CHECK(w.files->activity().open_files == 1);
  w.files->release(handle);
}
