// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/waking_clock.h"

#include "support/beside.h"
#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using namespace std::chrono_literals;

TEST_CASE("sleepers are woken, and nobody sleeps after that", "[util]") {
  WakingClock clock;
  const MonoTime begin = clock.now();
  clock.sleep_for(20ms);
  CHECK(clock.now() - begin >= 20ms);
  const test::Beside sleeper([&] {
    clock.sleep_for(1h);
    return true;
  });
  CHECK(sleeper.waits());
  clock.wake_all();
  CHECK(sleeper.ends());
  clock.sleep_for(1h);
  CHECK(clock.now() - begin < 30min);
}
