// SPDX-License-Identifier: Apache-2.0
// How long a name is believed to be absent, by the whole file system.
#include <fcntl.h>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

TEST_CASE("a name that a listing lacks is found when the listing has grown old") {
  test::FakeClock clock;
  test::FakeStore store(clock);
  const auto files = make_file_system(Config(), store, clock);
  store.put_raw("x", "1");
  const auto root = files->opendir(kRootInode);
  REQUIRE(root);
  REQUIRE(files->readdir(*root, 0, false, [](const auto&) { return true; }));
  clock.advance(100ms);
  store.put_raw("f", "there");
  const auto before = store.count();
  clock.advance(4'800ms);
  CHECK_FALSE(files->lookup(kRootInode, "f"));
  CHECK(store.count().head == before.head);
  CHECK(store.count().list == before.list);
  clock.advance(200ms);
  CHECK(files->lookup(kRootInode, "f"));
}

TEST_CASE("a directory that has outgrown a page is not listed in vain for each new name") {
  test::FakeClock clock;
  test::FakeStore store(clock);
  const auto files = make_file_system(Config(), store, clock);
  const auto dir = files->mkdir(kRootInode, "d", 0755, {});
  REQUIRE(dir);
  const auto make = [&](int i) {
    const auto made = files->create(dir->ino, "f" + std::to_string(i), 0644, O_WRONLY, {});
    REQUIRE(made);
    REQUIRE(files->flush(made->handle));
    files->release(made->handle);
  };
  for (int i = 0; i < 1'100; ++i) make(i);
  clock.advance(6s);
  make(1'100);  // its listing is the first that has more pages than one
  const auto before = store.count();
  constexpr int kMore = 100;
  for (int i = 0; i < kMore; ++i) make(1'101 + i);
  CHECK(store.count().list - before.list <= kMore);
  CHECK(store.count().head - before.head <= kMore);
}
