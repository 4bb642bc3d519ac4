// SPDX-License-Identifier: Apache-2.0
// A service that completes an upload only when all parts but the last are of one size.
#include <fcntl.h>

#include <array>
#include <memory>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;

TEST_CASE("where copied parts cannot stand beside shorter ones the file is sent as a whole") {
  constexpr std::uint64_t kMiB = 1U << 20U;
  test::FakeClock clock;
  test::FakeStore store(clock);
  test::FaultStore faults(store);
  Config config;
  config.multipart_size = 5 * kMiB;
  const auto files = make_file_system(config, faults, clock);
  std::string expected(32 * kMiB, 'a');
  store.put_raw("f", expected);
  const auto attr = files->lookup(kRootInode, "f");
  REQUIRE(attr);
  const auto handle = files->open(attr->ino, O_RDWR);
  REQUIRE(handle);
  expected.replace(17 * kMiB, 5, "hello");
  REQUIRE(files->write(handle->handle, 17 * kMiB, std::string_view("hello")));

  test::Fault refused;
  refused.verb = test::Verb::complete_upload;
  refused.error = {EIO, "All non-trailing parts must have the same length."};
  refused.error.refusal = Refusal::part_unsuitable;
  SECTION("once") {
    refused.nth = 1;
    faults.add(refused);
    REQUIRE(files->flush(handle->handle));
    CHECK(store.object("f")->content() == expected);
    CHECK(store.count().copy_part > 0);
  }
  SECTION("and a refusal of that too is an error, the object as it was") {
    faults.add(refused);
    const Status told = files->flush(handle->handle);
    REQUIRE_FALSE(told);
    CHECK(told.error().err == EIO);
    CHECK(store.object("f")->content() == std::string(32 * kMiB, 'a'));
    CHECK(store.count().complete_upload == 0);
    faults.clear();
    REQUIRE(files->flush(handle->handle));
    CHECK(store.object("f")->content() == expected);
  }
  files->release(handle->handle);
  CHECK(store.uploads_in_progress() == 0);
}
