// SPDX-License-Identifier: Apache-2.0
// Requests that wait for locks: with what they end, and what they leave free meanwhile.
#include "fuse/lock_waits.h"

#include <fcntl.h>
#include <linux/fuse.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <set>

#include "serving.h"
#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::test;

namespace {

constexpr std::uint64_t kFile = fs::kRootInode;

/// A lock that another holder has, until it is free.
struct Locked {
  Status attempt(const fs::Lock& wanted) {
    ++attempts;
    if (broken) return Error(EIO, "the locks are lost");
    if (one_at_a_time ? !free.exchange(false) : !free) return Error(EAGAIN, "locked");
    last_owner = wanted.owner;
    return {};
  }
  std::uint64_t send(std::uint32_t opcode, std::uint32_t type, std::uint64_t owner = 1) {
    fuse_lk_in in{};
    in.fh = 1;
    in.owner = owner;
    in.lk.start = 0;
    in.lk.end = fs::LockRange::kEnd;
    in.lk.type = type;
    return serving.kernel.send(opcode, kFile, bytes_of(in));
  }
  std::uint64_t wait(std::uint64_t owner = 1) { return send(FUSE_SETLKW, F_WRLCK, owner); }
  void interrupt(std::uint64_t unique) {
    fuse_interrupt_in in{};
    in.unique = unique;
    static_cast<void>(serving.kernel.send(FUSE_INTERRUPT, 0, bytes_of(in)));
  }
  /// The next answer; the kernel's caches are told to forget something in between.
  std::optional<Answer> receive(int milliseconds) {
    for (;;) {
      auto answer = serving.kernel.receive(milliseconds);
      const bool notification = answer && answer->unique == 0;
      if (!notification) return answer;
    }
  }
  /// The answer to that request, others passed over; -1: none came.
  int answer(std::uint64_t unique, int milliseconds = 10'000) {
    for (;;) {
      const auto answer = receive(milliseconds);
      if (!answer) return -1;
      if (answer->unique == unique) return answer->err;
    }
  }

  std::atomic<int> attempts{0};
  std::atomic<bool> free{false};
  std::atomic<bool> broken{false};
  std::atomic<bool> one_at_a_time{false};
  std::atomic<std::uint64_t> last_owner{0};
  Serving serving{{}, {}, [this](const fs::Lock& wanted) { return attempt(wanted); }};
};

}  // namespace

TEST_CASE(
    "a lock that is free is granted at once, and one that is not is refused where none waits") {
  Locked w;
  const std::uint64_t refused = w.send(FUSE_SETLK, F_WRLCK);
  CHECK(w.answer(refused) == EAGAIN);
  w.free = true;
  const std::uint64_t granted = w.wait(7);
  CHECK(w.answer(granted) == 0);
  CHECK(w.last_owner == 7);
  CHECK(w.attempts == 2);
}

TEST_CASE("a wait ends when the lock is given back here, or elsewhere") {
  Locked w;
  const std::uint64_t waits = w.wait();
  CHECK(w.answer(waits, 300) == -1);
  const int before = w.attempts;
  CHECK(before >= 1);
  w.free = true;
  SECTION("here: at once, however long the pauses have become") {
    const std::uint64_t given_back = w.send(FUSE_SETLK, F_UNLCK);
    CHECK(w.answer(given_back) == 0);
  }
  SECTION("elsewhere: nothing tells, it is asked for again") {}
  CHECK(w.answer(waits, 5'000) == 0);
  CHECK(w.attempts > before);
}

TEST_CASE("a wait ends with an error of the lock") {
  Locked w;
  const std::uint64_t waits = w.wait();
  CHECK(w.answer(waits, 200) == -1);
  w.broken = true;
  CHECK(w.answer(waits, 5'000) == EIO);
}

TEST_CASE("a wait ends with EINTR when its caller is interrupted, and its lock is not taken") {
  Locked w;
  const std::uint64_t waits = w.wait();
  const std::uint64_t stays = w.wait(2);
  CHECK(w.answer(waits, 200) == -1);
  w.interrupt(waits);
  CHECK(w.answer(waits, 5'000) == EINTR);
  w.free = true;
  CHECK(w.answer(stays, 5'000) == 0);
  CHECK(w.last_owner == 2);
}

TEST_CASE("requests that wait leave all threads to others") {
  Locked w;
  constexpr int kWaiting = 40;  // ten times max_threads
  std::set<std::uint64_t> waiting;
  for (int i = 0; i < kWaiting; ++i) waiting.insert(w.wait(static_cast<std::uint64_t>(i)));
  const std::uint64_t asks =
      w.serving.kernel.send(FUSE_GETATTR, kFile, bytes_of(fuse_getattr_in{}));
  CHECK(w.answer(asks, 5'000) == 0);
  w.free = true;
  while (!waiting.empty()) {
    const auto answer = w.receive(5'000);
    REQUIRE(answer);
    CHECK(answer->err == 0);
    CHECK(waiting.erase(answer->unique) == 1);
  }
}

TEST_CASE("of many that wait one gets the lock, and the others go on waiting") {
  Locked w;
  w.one_at_a_time = true;
  for (std::uint64_t i = 0; i < 5; ++i) static_cast<void>(w.wait(i));
  for (int granted = 0; granted < 5; ++granted) {
    CHECK_FALSE(w.receive(150));
    w.free = true;
    const auto answer = w.receive(5'000);
    REQUIRE(answer);
    CHECK(answer->err == 0);
  }
}

TEST_CASE("more requests than may wait are refused") {
  Locked w;
  // Those that are asked for again at the moment, on a thread each, are not counted.
  constexpr std::size_t kThreads = 8;
  for (std::size_t i = 0; i <= fuse::LockWaits::kMost + kThreads; ++i) static_cast<void>(w.wait(i));
  const auto answer = w.receive(20'000);
  REQUIRE(answer);
  CHECK(answer->err == ENOLCK);
}
