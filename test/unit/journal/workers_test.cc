// SPDX-License-Identifier: Apache-2.0
#include "journal/workers.h"

#include <atomic>
#include <set>
#include <thread>

#include "support/catch.h"

namespace pailfs::journal {
namespace {

using namespace std::chrono_literals;

/// Work that is counted, and found in turns of one.
struct World {
  explicit World(std::size_t most, std::chrono::milliseconds each = 0ms)
      : workers(most, clock,
                {.turn =
                     [this, each] {
                       const bool found = turn(each);
                       if (!found && late == Late::turn) add_late();
                       return found;
                     },
                 // A wake-up that gets lost is not made good by the time.
                 .next_due =
                     [this] {
                       if (late == Late::next_due) add_late();
                       return clock.now() + 1h;
                     }}) {}

  bool turn(std::chrono::milliseconds each) {
    {
      MutexLock lock(mutex);
      if (waiting == 0) return false;
      --waiting;
      most_at_once = std::max(most_at_once, ++running);
      threads.insert(std::this_thread::get_id());
    }
    std::this_thread::sleep_for(each);
    MutexLock lock(mutex);
    --running;
    ++done;
    over.notify_all();
    return true;
  }
  void add_late() {
    late = Late::never;
    add();
  }
  void add() {
    MutexLock lock(mutex);
    ++waiting;
    workers.wake_at(clock.now());
  }
  bool await(int count) {
    MutexLock lock(mutex);
    const MonoTime end = clock.now() + 20s;
    while (done < count && clock.now() < end) over.wait_for(mutex, 1s);
    return done >= count;
  }

  /// When work comes once more, while the worker goes idle.
  enum class Late { never, turn, next_due };
  std::atomic<Late> late = Late::never;
  SystemClock clock;
  Mutex mutex{LockRank{310, "test's work"}};
  CondVar over;
  int waiting GUARDED_BY(mutex) = 0;
  int running GUARDED_BY(mutex) = 0;
  int done GUARDED_BY(mutex) = 0;
  int most_at_once GUARDED_BY(mutex) = 0;
  std::set<std::thread::id> threads GUARDED_BY(mutex);
  Workers workers;
};

}  // namespace

TEST_CASE("work that comes while the last worker goes idle is not left lying") {
  World w(1);
  w.late = GENERATE(World::Late::turn, World::Late::next_due);
  w.workers.start();
  CHECK(w.await(1));
}

TEST_CASE("all work is done, however often its worker goes idle between") {
  World w(2);
  constexpr int kCount = 2'000;
  for (int i = 0; i < kCount; ++i) {
    w.add();
    if (i % 7 == 0) std::this_thread::yield();
    if (i % 20 == 0) REQUIRE(w.await(i + 1));
  }
  CHECK(w.await(kCount));
}

TEST_CASE("threads are started while all are busy, and not more than allowed") {
  World w(3, 20ms);
  for (int i = 0; i < 30; ++i) w.add();
  REQUIRE(w.await(30));
  MutexLock lock(w.mutex);
  CHECK(w.threads.size() <= 3);
  CHECK(w.most_at_once >= 2);
}

TEST_CASE("a stop waits for the turn that is under way and lets no other begin") {
  World w(1, 50ms);
  w.add();
  w.add();
  for (int i = 0; i < 20'000; ++i) {
    MutexLock lock(w.mutex);
    if (w.running > 0) break;
    w.over.wait_for(w.mutex, 1ms);
  }
  w.workers.stop();
  MutexLock lock(w.mutex);
  CHECK(w.running == 0);
  CHECK(w.done == 1);
  CHECK(w.waiting == 1);
}

}  // namespace pailfs::journal
