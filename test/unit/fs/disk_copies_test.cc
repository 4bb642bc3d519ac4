// SPDX-License-Identifier: Apache-2.0
#include "fs/read/disk_copies.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/scratch_directory.h"

namespace pailfs::fs {
namespace {

using cache::kBlockSize;

constexpr std::uint64_t kSize = 2 * kBlockSize + 100;

/// A disk, and blocks to fill from it or to keep on it.
struct World {
  World() { version.etag.value = "\"e\""; }
  /// New blocks of the version, each filled with `fill`; nothing of them is in the block cache.
  std::vector<cache::BlockPtr> blocks(char fill) {
    object = cache.open("version " + std::to_string(++opened));
    arrival = std::make_shared<cache::Arrival>();
    auto made = object->reserve(0, 3, cache::BlockCache::Purpose::demand, arrival);
    REQUIRE(made.size() == 3);
    for (const auto& block : made) std::memset(block->bytes(), fill, kBlockSize);
    object->settle(0, 3, 3);
    return made;
  }
  void keep(DiskCopies& copies, std::uint64_t first, std::size_t count) {
    const auto made = blocks('x');
    copies.keep(version, *object, first, std::span(made).subspan(first, count));
  }
  std::uint64_t load(DiskCopies& copies, std::uint64_t first = 0) {
    loaded = blocks('?');
    return copies.load(version, first, std::span(loaded).subspan(first), *arrival);
  }

  test::FakeClock clock;
  test::ScratchDirectory scratch;
  cache::DiskBlocks disk{
      {scratch.path(), "store", 1U << 30U, {0, 0, std::uint64_t{1} << 60U}, 100}};
  cache::BlockMemory memory;
  cache::BlockCache cache{memory, 16U << 20U, clock};
  Version version{"key", {}, kSize};
  int opened = 0;
  cache::BlockCache::ObjectPtr object;
  std::shared_ptr<cache::Arrival> arrival;
  std::vector<cache::BlockPtr> loaded;
};

TEST_CASE("blocks kept on the disk are loaded up to the first that is missing") {
  World w;
  DiskCopies copies(&w.disk);
  CHECK(w.load(copies) == 0);
  w.keep(copies, 0, 1);
  w.keep(copies, 2, 1);
  CHECK(w.load(copies) == 1);
  CHECK(w.arrival->progress() == kBlockSize);
  CHECK(*w.loaded[0]->bytes() == 'x');
  CHECK(w.load(copies, 2) == 1);
  CHECK(w.arrival->progress() == 100);  // the object ends within its last block
  w.keep(copies, 1, 1);
  CHECK(w.load(copies) == 3);
  CHECK(w.arrival->progress() == kSize);
}

TEST_CASE("a version is a file only when all of it is on the disk") {
  World w;
  DiskCopies copies(&w.disk);
  w.keep(copies, 0, 2);
  CHECK(copies.whole(w.version).get() < 0);
  w.keep(copies, 2, 1);
  CHECK(copies.whole(w.version).get() >= 0);
  copies.forget(w.version);
  CHECK(copies.whole(w.version).get() < 0);
  CHECK(w.load(copies) == 0);
}

TEST_CASE("nothing is kept of blocks that are forgotten, without an ETag or without a disk") {
  World w;
  DiskCopies copies(&w.disk);
  const auto blocks = w.blocks('x');
  w.cache.forget("version 1");
  copies.keep(w.version, *w.object, 0, blocks);
  CHECK(w.load(copies) == 0);

  w.version.etag = {};
  w.keep(copies, 0, 3);
  CHECK(w.load(copies) == 0);
  CHECK(copies.whole(w.version).get() < 0);

  w.version.etag.value = "\"e\"";
  DiskCopies none(nullptr);
  w.keep(none, 0, 3);
  CHECK(w.load(none) == 0);
  CHECK(none.whole(w.version).get() < 0);
  none.forget(w.version);
  CHECK(w.disk.size() == 0);
}

}  // namespace
}  // namespace pailfs::fs
