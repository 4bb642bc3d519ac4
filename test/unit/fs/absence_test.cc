// SPDX-License-Identifier: Apache-2.0
// How long a name is believed to be absent, by the whole file system.
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
