// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/pace.h"

#include "support/catch.h"

namespace pailfs::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const auto kStart = std::chrono::steady_clock::time_point(seconds(1000));

TEST_CASE("A pace is known after a second in which something was sent") {
  Pace pace;
  CHECK_FALSE(pace.rate());
  pace.note(kStart, 100, 0);
  pace.note(kStart + milliseconds(500), 100, 10);
  CHECK_FALSE(pace.rate());
  CHECK_FALSE(pace.time_left());
  pace.note(kStart + seconds(1), 100, 20);
  CHECK(pace.rate() == 20);
  CHECK(pace.time_left() == seconds(5));
}

TEST_CASE("What is on its way counts, also before its part is whole") {
  Pace pace;
  for (unsigned i = 0; i <= 4; ++i) pace.note(kStart + seconds(i), 100, 20 * i);
  CHECK(pace.time_left() == seconds(2));
  pace.note(kStart + seconds(5), 20, 100);
  CHECK(pace.time_left() == seconds(2));
}

TEST_CASE("A pace is that of the last ten seconds") {
  Pace pace;
  for (unsigned i = 0; i <= 20; ++i) pace.note(kStart + seconds(i), 1000, 50 * i);
  for (unsigned i = 21; i <= 40; ++i) pace.note(kStart + seconds(i), 1000, 1000);
  CHECK_FALSE(pace.rate());
  CHECK_FALSE(pace.time_left());
}

}  // namespace
}  // namespace pailfs::cli
