// SPDX-License-Identifier: Apache-2.0
#include "workers.h"

#include <utility>

namespace pailfs::journal {
namespace {

/// A resting worker looks by itself after this.
constexpr std::chrono::seconds kRest{5};

}  // namespace

Workers::Workers(std::size_t most, Clock& clock, Work work)
    : most_(most), clock_(clock), work_(std::move(work)) {}

void Workers::stop() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    watch_.notify_all();
    rest_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
}

void Workers::start() {
  MutexLock lock(mutex_);
  add_thread();
}

void Workers::add_thread() {
  if (stopping_ || threads_.size() >= most_) return;
  threads_.emplace_back([this] { run(); });
}

void Workers::wake_at(MonoTime at) {
  MutexLock lock(mutex_);
  if (watched_) {
    if (at >= watched_until_) return;
    watched_until_ = at;
    watch_.notify_one();
  } else if (resting_ > 0) {
    rest_.notify_one();
  } else {
    ++missed_;
    add_thread();
  }
}

void Workers::idle(std::uint64_t missed) {
  {
    MutexLock lock(mutex_);
    if (stopping_ || missed_ != missed) return;
    if (watched_) {
      ++resting_;
      rest_.wait_for(mutex_, kRest);
      --resting_;
      return;
    }
  }
  const MonoTime due = work_.next_due();
  MutexLock lock(mutex_);
  if (stopping_ || missed_ != missed || watched_) return;
  watched_ = true;
  watched_until_ = due;
  watch_.wait_for(mutex_, watched_until_ - clock_.now());
  watched_ = false;
}

void Workers::run() {
  for (;;) {
    std::uint64_t missed = 0;
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      missed = missed_;
    }
    if (!work_.turn()) idle(missed);
  }
}

}  // namespace pailfs::journal
