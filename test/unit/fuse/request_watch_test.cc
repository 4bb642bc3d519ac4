// SPDX-License-Identifier: Apache-2.0
#include "fuse/request_watch.h"

#include <signal.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/util/log.h"

#include "support/beside.h"
#include "support/catch.h"

namespace pailfs::fuse {
namespace {

using namespace std::chrono_literals;
using test::eventually;

/// Callers and answers as a test wants them.
class World final {
 public:
  RequestWatch::Kernel kernel() {
    return {[this](fuse_req_t request) {
              const std::lock_guard lock(mutex_);
              return interrupted_.contains(request);
            },
            [this](fuse_req_t request) {
              const std::lock_guard lock(mutex_);
              answered_.insert(request);
            },
            [this](pid_t thread) {
              const std::lock_guard lock(mutex_);
              ++looks_;
              return callers_[thread];
            }};
  }
  void set(pid_t thread, const CallerState& state) {
    const std::lock_guard lock(mutex_);
    callers_[thread] = state;
  }
  void interrupt(fuse_req_t request) {
    const std::lock_guard lock(mutex_);
    interrupted_.insert(request);
  }
  bool answered(fuse_req_t request) {
    const std::lock_guard lock(mutex_);
    return answered_.contains(request);
  }
  int looks() {
    const std::lock_guard lock(mutex_);
    return looks_;
  }

 private:
  std::mutex mutex_;
  std::map<pid_t, CallerState> callers_;
  std::set<fuse_req_t> interrupted_, answered_;
  int looks_ = 0;
};

fuse_req_t request_number(std::uintptr_t number) {
  return reinterpret_cast<fuse_req_t>(number * 64);
}

CallerState living() {
  CallerState caller;
  caller.seen = true;
  return caller;
}

CallerState killed() {
  CallerState caller = living();
  caller.pending = 1ULL << (SIGKILL - 1);
  return caller;
}

UnderWay under_way(std::uintptr_t number, pid_t caller) {
  return {.request = request_number(number),
          .verb = "lookup",
          .ino = 1,
          .name = "name",
          .caller = caller};
}

}  // namespace

TEST_CASE("when a wait ends", "[mount][watch]") {
  struct Row {
    const char* what;
    Looked looked;
    bool ends;
  };
  const std::vector<Row> rows = {
      {"nothing asked", {Asked::nothing, true, 1h, {}}, false},
      {"to die", {Asked::to_die, false, {}, {}}, true},
      {"a handler is to end it, just now", {Asked::to_end, true, 0s, 0s}, false},
      {"a handler is to end it, for long", {Asked::to_end, true, 1s, 1s}, true},
      {"... but another thread takes the signal", {Asked::to_end, true, {}, 1s}, false},
      {"... asked just now, interrupted long ago", {Asked::to_end, true, 1h, 100ms}, false},
      {"unseen, not interrupted", {Asked::unknown, false, {}, {}}, false},
      {"unseen, interrupted just now", {Asked::unknown, false, 100ms, {}}, false},
      {"unseen, interrupted a while ago", {Asked::unknown, false, 900ms, {}}, true},
      {"absent and never seen", {Asked::absent, false, {}, {}}, false},
      {"absent, never seen, interrupted a while ago", {Asked::absent, false, 900ms, {}}, true},
      {"gone", {Asked::absent, true, {}, {}}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(ends_wait(row.looked) == row.ends);
  }
}

TEST_CASE("a killed caller is answered and the worker learns of it", "[mount][watch]") {
  World world;
  RequestCounts counts;
  RequestWatch watch({}, world.kernel(), &counts);
  world.set(7, living());
  world.set(8, living());
  UnderWay first = under_way(1, 7);
  UnderWay second = under_way(2, 8);
  REQUIRE(watch.begin(first));
  REQUIRE(watch.begin(second));
  REQUIRE(eventually([&] { return world.looks() > 2; }));
  CHECK_FALSE(world.answered(first.request));
  world.set(7, killed());
  REQUIRE(eventually([&] { return world.answered(request_number(1)); }));
  CHECK(first.errand->given_up());
  CHECK(watch.take(first) == nullptr);
  bool used = false;
  CHECK_FALSE(watch.hold(first, [&](fuse_req_t) { used = true; }));
  CHECK_FALSE(used);
  CHECK_FALSE(second.errand->given_up());
  CHECK(watch.hold(second, [&](fuse_req_t) { used = true; }));
  CHECK(used);
  CHECK(watch.take(second) == request_number(2));
  CHECK(watch.take(second) == nullptr);
  watch.end(first);
  watch.end(second);
  CHECK_FALSE(world.answered(request_number(2)));
  const auto rows = counts.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].errno_value == EINTR);
}

TEST_CASE("what concerns others or nobody waits for is left to its worker", "[mount][watch]") {
  World world;
  RequestWatch watch({}, world.kernel(), nullptr);
  world.set(7, killed());
  world.set(8, killed());
  UnderWay pages = under_way(1, 7);
  UnderWay release = under_way(2, 7);
  release.waited = false;
  UnderWay last = under_way(3, 8);
  REQUIRE(watch.begin(pages));
  watch.keep(pages);
  REQUIRE(watch.begin(release));
  REQUIRE(watch.begin(last));
  REQUIRE(eventually([&] { return world.answered(request_number(3)); }));
  CHECK(watch.take(pages) == request_number(1));
  CHECK(watch.take(release) == request_number(2));
  watch.end(last);
}

TEST_CASE("a request that was given up makes room for the next one", "[mount][watch]") {
  World world;
  RequestWatch watch({.at_once = 2}, world.kernel(), nullptr);
  std::vector<std::unique_ptr<UnderWay>> stuck;
  for (int i = 1; i <= 2; ++i) {
    world.set(i, living());
    stuck.push_back(std::make_unique<UnderWay>(under_way(static_cast<unsigned>(i), i)));
    REQUIRE(watch.begin(*stuck.back()));
  }
  world.set(3, living());
  world.set(4, killed());
  std::atomic<int> third{-1};
  std::atomic<int> fourth{-1};
  std::thread waits([&] {
    UnderWay request = under_way(3, 3);
    third = watch.begin(request) ? 1 : 0;
    static_cast<void>(watch.take(request));
    watch.end(request);
  });
  std::thread dies([&] {
    UnderWay request = under_way(4, 4);
    fourth = watch.begin(request) ? 1 : 0;
    watch.end(request);
  });
  // Killed while it waits for its turn: it never begins.
  CHECK(eventually([&] { return fourth == 0; }));
  CHECK(eventually([&] { return world.answered(request_number(4)); }));
  CHECK(third == -1);
  world.set(1, killed());
  CHECK(eventually([&] { return third == 1; }));
  waits.join();
  dies.join();
  for (const auto& request : stuck) watch.end(*request);
}

TEST_CASE("a request that takes too long is told once, with what it waits for, and is shown",
          "[mount][watch]") {
  std::mutex mutex;
  std::vector<std::string> lines;
  log::set_level(LogLevel::warning);
  log::set_sink([&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  });
  World world;
  RequestCounts counts;
  {
    RequestWatch watch({.at_once = 64, .tell_after = std::chrono::seconds(1)}, world.kernel(),
                       &counts);
    UnderWay request = under_way(1, 7);
    world.set(7, living());
    REQUIRE(watch.begin(request));
    const ErrandScope scope(request.errand);
    {
      const WaitsFor waits("GET, attempt 2,", "some/key");
      REQUIRE(eventually([&] { return counts.oldest().has_value(); }));
      const auto oldest = counts.oldest();
      CHECK(oldest->verb == "lookup");
      CHECK(oldest->name == "name");
      CHECK(oldest->thread == 7);
      CHECK(oldest->age >= 1s);
      CHECK(oldest->waits_for == "GET, attempt 2, \"some/key\"");
      const auto told = [&] {
        const std::lock_guard lock(mutex);
        return !lines.empty();
      };
      REQUIRE(eventually(told));
    }
    CHECK(request.errand->waits_for().empty());
    watch.look_around(std::chrono::steady_clock::now());
    CHECK(watch.take(request) == request_number(1));
    watch.end(request);
    CHECK(eventually([&] { return !counts.oldest(); }));
  }
  log::set_sink(log::stream_sink(2, {}));
  log::set_level(LogLevel::critical);
  REQUIRE(lines.size() == 1);
  for (const std::string_view part : {"lookup", "inode 1", "name", "thread 7", "some/key"}) {
    CAPTURE(lines[0], part);
    CHECK(lines[0].find(part) != std::string::npos);
  }
}

}  // namespace pailfs::fuse
