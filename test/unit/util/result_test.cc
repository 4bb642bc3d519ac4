// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/result.h"

#include <memory>

#include "pailfs/util/clock.h"

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

TEST_CASE("an error keeps its number under every new sentence", "[util]") {
  Error error = system_error(EACCES, "open /x");
  CHECK(error.err == EACCES);
  CHECK(error.text == "open /x: Permission denied");
  error.s3_code = "AccessDenied";
  error.http_status = 403;
  const Error outer = error.with("rename a to b");
  CHECK(outer.text == "rename a to b: open /x: Permission denied");
  CHECK(outer.err == EACCES);
  CHECK(outer.s3_code == "AccessDenied");
  CHECK(outer.http_status == 403);
}

TEST_CASE("a result is a value or an error", "[util]") {
  const Result<int> good = 7;
  REQUIRE(good);
  CHECK(*good == 7);
  const Result<int> bad = Error{ENOENT, "gone"};
  REQUIRE_FALSE(bad);
  CHECK(bad.error().err == ENOENT);
  Result<std::unique_ptr<int>> movable = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(movable).value();
  CHECK(*taken == 3);
  CHECK(Status().has_value());
  const Status failed = Error{EIO, "x"};
  CHECK_FALSE(failed);
}

TEST_CASE("randomness differs and the monotonic clock does not go back", "[util]") {
  SystemRandom random;
  CHECK(random.next() != random.next());
  const SystemClock clock;
  const auto before = clock.now();
  CHECK(clock.now() >= before);
  CHECK(clock.wall().time_since_epoch() > std::chrono::hours(24 * 365 * 50));
}
