// SPDX-License-Identifier: Apache-2.0
#include "lock_waits.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "pailfs/util/errand.h"

#include "fuse_ops.h"
#include "fuse_reply.h"

namespace pailfs::fuse {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostThreads = 8;
constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{1000};
/// How soon a caller that is gone is let go.
constexpr milliseconds kRound{100};

MonoTime now() {
  return std::chrono::steady_clock::now();
}

/// Between half of it and all: several mounts do not ask in step.
milliseconds about(milliseconds pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return pause / 2 + milliseconds(std::uniform_int_distribution<int>(
                         0, static_cast<int>(pause.count()) / 2)(random));
}

}  // namespace

bool LockWaits::attempt(LockWait& wait) {
  Reply& reply = *wait.reply;
  const ErrandScope working(reply.errand());
  if (!still_wanted()) {
    reply.fail(Error(EINTR, "the caller waits for the lock no more"));
    return true;
  }
  const Status locked = reply.files().lock(
      wait.handle, wait.wanted,
      {.still_wanted = [&reply] { return reply.stays(); },
       .forgets = [&reply](fs::InodeId ino) { invalidate_attributes(reply.adapter(), ino); }});
  if (!locked && locked.error().err == EAGAIN) return false;
  // The kernel asks for the attributes of what the last holder has stored.
  if (locked) invalidate_attributes(reply.adapter(), wait.ino);
  reply.status(locked);
  return true;
}

void LockWaits::begin(LockWait wait) {
  if (attempt(wait)) return;
  wait.reply->rests();
  wait.pause = kFirstPause;
  wait.next = now() + about(wait.pause);
  if (!add(wait)) wait.reply->fail(Error(ENOLCK, "too many requests wait for locks"));
}

bool LockWaits::add(LockWait& wait) {
  MutexLock lock(mutex_);
  if (ended_ || waits_.size() >= kMost) return false;
  waits_.push_back(std::move(wait));
  if (idle_ == 0 && threads_.size() < kMostThreads) threads_.emplace_back([this] { run(); });
  wake_.notify_one();
  return true;
}

void LockWaits::wake(fuse_ino_t ino) {
  MutexLock lock(mutex_);
  bool any = false;
  for (LockWait& wait : waits_) {
    if (wait.ino != ino) continue;
    wait.next = {};
    wait.pause = kFirstPause;
    any = true;
  }
  if (any) wake_.notify_all();
}

bool LockWaits::take_due(LockWait& due, std::chrono::nanoseconds& pause) {
  const MonoTime moment = now();
  pause = kRound;
  for (LockWait& wait : waits_) {
    if (wait.next > moment && !wait.reply->errand()->given_up()) {
      pause = std::min<std::chrono::nanoseconds>(pause, wait.next - moment);
      continue;
    }
    due = std::move(wait);
    std::swap(wait, waits_.back());
    waits_.pop_back();
    return true;
  }
  return false;
}

void LockWaits::run() {
  MutexLock lock(mutex_);
  while (!ended_) {
    LockWait due;
    std::chrono::nanoseconds pause{};
    if (!take_due(due, pause)) {
      ++idle_;
      if (waits_.empty()) wake_.wait(mutex_);
      if (!waits_.empty()) wake_.wait_for(mutex_, pause);
      --idle_;
      continue;
    }
    lock.unlock();
    const bool answered = attempt(due);
    if (answered) due.reply.reset();
    lock.lock();
    if (answered) continue;
    due.pause = std::min(due.pause * 3 / 2, kLongestPause);
    due.next = now() + about(due.pause);
    waits_.push_back(std::move(due));
  }
}

void LockWaits::end() {
  std::vector<LockWait> waits;
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    ended_ = true;
    threads = std::move(threads_);
    wake_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  {
    MutexLock lock(mutex_);
    waits = std::move(waits_);
  }
  for (LockWait& wait : waits) wait.reply->fail(Error(EINTR, "the mount ends"));
}

}  // namespace pailfs::fuse
