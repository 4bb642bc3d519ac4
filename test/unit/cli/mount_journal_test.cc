// SPDX-License-Identifier: Apache-2.0
#include "cli/run/mount_journal.h"

#include <string>

#include "pailfs/util/clock.h"

#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch_directory.h"

namespace pailfs::cli {
namespace {

/// A mount of a bucket with a cache directory, of which only the journal is looked at.
struct Scene {
  Scene() {
    options.s3.bucket = "pail";
    options.cache_directory = scratch.path();
  }
  Result<std::unique_ptr<journal::JournalStore>> open() {
    return open_mount_journal(options, store, clock, [] { return false; });
  }

  const test::ScratchDirectory scratch{"/var/tmp"};  // a journal refuses a directory in memory
  SystemClock clock;
  test::FakeStore store{clock};
  Options options;
};

}  // namespace

TEST_CASE("A mount has a journal only where one is wanted") {
  Scene scene;
  REQUIRE(scene.open());
  CHECK(*scene.open() == nullptr);
  scene.options.cache_directory.clear();
  REQUIRE(scene.open());
  CHECK(*scene.open() == nullptr);
}

TEST_CASE("A read-only mount has no journal") {
  Scene scene;
  scene.options.durability_local = true;
  scene.options.fs.read_only = true;
  const auto opened = scene.open();
  REQUIRE(opened);
  CHECK(*opened == nullptr);
}

TEST_CASE("A journal that another mount has is an error only where one is wanted") {
  Scene scene;
  scene.options.durability_local = true;
  const auto first = scene.open();
  REQUIRE(first);
  REQUIRE(*first != nullptr);
  CHECK((*first)->waiting().acknowledges);
  CHECK(scene.open().error().err == EBUSY);
  scene.options.durability_local = false;
  const auto second = scene.open();
  REQUIRE(second);
  CHECK(*second == nullptr);
}

}  // namespace pailfs::cli
