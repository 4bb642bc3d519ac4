// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/worker_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <set>
#include <thread>

#include "support/beside.h"
#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using namespace std::chrono_literals;

namespace {

/// Opens once `wanted` threads have come.
struct Gate {
  Mutex mutex;
  CondVar changed;
  int arrived = 0;
  bool wait_for(int wanted) {
    MutexLock lock(mutex);
    ++arrived;
    changed.notify_all();
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (arrived < wanted && std::chrono::steady_clock::now() < end) {
      changed.wait_for(mutex, 1s);
    }
    return arrived >= wanted;
  }
};

}  // namespace

TEST_CASE("destruction runs all that was queued", "[util]") {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(3);
    for (int i = 0; i < 500; ++i) pool.submit([&] { ++ran; });
  }
  CHECK(ran == 500);
}

TEST_CASE("as many tasks run at once as the pool has threads, and no more", "[util]") {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> all_met = true;
  Gate gate;
  {
    WorkerPool pool(4);
    CHECK(pool.size() == 4);
    for (int i = 0; i < 4; ++i) {
      pool.submit([&] {
        if (!gate.wait_for(4)) all_met = false;
      });
    }
    for (int i = 0; i < 100; ++i) {
      pool.submit([&] {
        const int now = ++running;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --running;
      });
    }
  }
  CHECK(all_met);
  CHECK(most <= 4);
}

TEST_CASE("a task may submit another, also while the pool ends", "[util]") {
  std::atomic<int> ran = 0;
  test::Gate gate;
  auto pool = std::make_unique<WorkerPool>(2);
  for (int i = 0; i < 50; ++i) {
    pool->submit([&ran, &gate, &pool = *pool] {
      gate.pass();
      pool.submit([&] { ++ran; });
    });
  }
  const test::Beside ending([&] {
    pool.reset();
    return true;
  });
  CHECK(ending.waits());
  gate.open();
  CHECK(ending.ends());
  CHECK(ran == 50);
}

TEST_CASE("a pending value arrives once", "[util]") {
  WorkerPool pool(2);
  Pending<std::unique_ptr<int>> answer(pool, [] {
    std::this_thread::sleep_for(5ms);
    return std::make_unique<int>(42);
  });
  CHECK(*answer.get() == 42);
}

TEST_CASE("a task knows that it runs on a worker", "[util]") {
  CHECK_FALSE(WorkerPool::on_worker_thread());
  WorkerPool pool(1);
  CHECK(Pending<bool>(pool, [] { return WorkerPool::on_worker_thread(); }).get());
}

TEST_CASE("waiting on a worker ends the process with a message", "[util]") {
  const pid_t child = fork();
  if (child == 0) {
    std::fclose(stderr);
    std::signal(SIGABRT, SIG_DFL);  // not the test framework's report
    WorkerPool pool(1);
    Pending<int> outer(pool, [&pool] { return Pending<int>(pool, [] { return 1; }).get(); });
    outer.get();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("a short parallel loop does not wait for the end of a long one", "[util]") {
  WorkerPool pool(1);
  std::atomic<int> done = 0;
  std::atomic<bool> begun = false;
  std::thread longer([&] {
    for_each_parallel(pool, 100, 1, [&](std::size_t) {
      begun = true;
      // Until the short one has come.
      while (done == 0 && !pool.has_waiting()) std::this_thread::yield();
      ++done;
    });
  });
  while (!begun) std::this_thread::yield();
  int done_by_then = 100;
  for_each_parallel(pool, 2, 1, [&](std::size_t) { done_by_then = done; });
  CHECK(done_by_then < 10);
  longer.join();
  CHECK(done == 100);
}

TEST_CASE("a parallel loop visits every index once, no wider than asked", "[util]") {
  WorkerPool pool(8);
  std::vector<std::atomic<int>> visits(300);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  for_each_parallel(pool, visits.size(), 3, [&](std::size_t i) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    ++visits[i];
    --running;
  });
  CHECK(std::all_of(visits.begin(), visits.end(), [](const auto& count) { return count == 1; }));
  CHECK(most <= 3);
  for_each_parallel(pool, 0, 3, [&](std::size_t) { ++running; });
  CHECK(running == 0);
  for_each_parallel(pool, 2, 0, [&](std::size_t) { ++running; });
  CHECK(running == 2);
}
