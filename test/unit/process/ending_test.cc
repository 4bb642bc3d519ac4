// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/ending.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace pailfs::process {

using namespace std::chrono_literals;

TEST_CASE("a store that is silent is given up in time to end in order", "[mount][ending]") {
  struct Row {
    std::chrono::milliseconds still;
    std::chrono::seconds limit;
    EndStep step;
  };
  const std::vector<Row> rows = {
      {0ms, 8s, EndStep::wait},       {5999ms, 8s, EndStep::wait}, {6000ms, 8s, EndStep::give_up},
      {7999ms, 8s, EndStep::give_up}, {8000ms, 8s, EndStep::exit}, {499ms, 1s, EndStep::wait},
      {500ms, 1s, EndStep::give_up},  {1000ms, 1s, EndStep::exit}, {299s, 600s, EndStep::wait},
      {598s, 600s, EndStep::give_up},
  };
  for (const Row& row : rows) {
    CAPTURE(row.still.count(), row.limit.count());
    CHECK(end_step(row.still, row.limit) == row.step);
  }
}

TEST_CASE("an end that makes progress is left alone, one that does not is given up",
          "[mount][ending]") {
  std::atomic<std::uint64_t> moved{0};
  std::atomic<int> given_up{0};
  Ending ending(2s, {[&] { return moved.load(); }, [&] { ++given_up; }}, 1);
  // Nothing before it begins.
  std::this_thread::sleep_for(300ms);
  ending.begin();
  ending.begin();
  for (int i = 0; i < 30; ++i) {
    ++moved;
    std::this_thread::sleep_for(100ms);
  }
  CHECK(given_up == 0);
  CHECK_FALSE(ending.gave_up());
  for (int i = 0; i < 100 && given_up == 0; ++i) std::this_thread::sleep_for(15ms);
  CHECK(given_up == 1);
  CHECK(ending.gave_up());
}

TEST_CASE("what does not end by itself is ended after its last words", "[mount][ending]") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Ending ending(1s, {[] { return std::uint64_t{0}; }, [] {}}, 7);
    ending.set_last_words([&] { static_cast<void>(!::write(ends[1], "w", 1)); });
    ending.begin();
    for (;;) ::pause();
  }
  int state = 0;
  ::waitpid(child, &state, 0);
  CHECK(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == 7);
  char word = 0;
  CHECK(::read(ends[0], &word, 1) == 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace pailfs::process
