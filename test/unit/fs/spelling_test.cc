// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

namespace pailfs::fs {
namespace {

TEST_CASE("a name that S3 cannot take is refused before anything is asked") {
  test::FakeClock clock;
  test::FakeStore store(clock);
  const auto files = make_file_system(Config(), store, clock);
  store.put_raw("f", "bytes");
  for (const std::string name : {"bad\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf"}) {
    CAPTURE(name);
    CHECK(files->create(kRootInode, name, 0644, O_RDWR, Caller{}).error().err == EINVAL);
    CHECK(files->mkdir(kRootInode, name, 0755, Caller{}).error().err == EINVAL);
    CHECK(files->symlink("f", kRootInode, name, Caller{}).error().err == EINVAL);
    CHECK(files->rename(kRootInode, "f", kRootInode, name, false).error().err == EINVAL);
  }
  CHECK(store.keys().size() == 1);
  // Controls that a terminal does not show are UTF-8 all the same.
  CHECK(files->create(kRootInode, "c\xc2\x80", 0644, O_RDWR, Caller{}));
}

}  // namespace
}  // namespace pailfs::fs
