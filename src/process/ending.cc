// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/ending.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "pailfs/util/clock.h"
#include "pailfs/util/log.h"

namespace pailfs::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kLook{100};
/// Time for an end in order after give_up(): an exchange notices that within a second.
constexpr milliseconds kInOrder{2000};

}  // namespace

EndStep end_step(nanoseconds still, std::chrono::seconds limit) {
  if (still >= limit) return EndStep::exit;
  const nanoseconds in_order = std::min<nanoseconds>(kInOrder, nanoseconds(limit) / 2);
  return still >= limit - in_order ? EndStep::give_up : EndStep::wait;
}

Ending::Ending(std::chrono::seconds limit, Store store, int exit_code)
    : limit_(limit), store_(std::move(store)), exit_code_(exit_code) {}

Ending::~Ending() {
  {
    MutexLock lock(mutex_);
    over_ = true;
    change_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Ending::begin() {
  MutexLock lock(mutex_);
  if (std::exchange(begun_, true) || over_) return;
  thread_ = std::thread([this] { run(); });
}

void Ending::set_last_words(std::function<void()> words) {
  MutexLock lock(mutex_);
  last_words_ = std::move(words);
}

bool Ending::gave_up() {
  MutexLock lock(mutex_);
  return gave_up_;
}

void Ending::run() {
  std::uint64_t before = store_.moved();
  MonoTime since = std::chrono::steady_clock::now();
  MutexLock lock(mutex_);
  while (!over_) {
    change_.wait_for(mutex_, kLook);
    if (over_) return;
    const MonoTime now = std::chrono::steady_clock::now();
    const std::uint64_t moved = store_.moved();
    // Bytes that move after the store was given up do not count.
    if (moved != before && !gave_up_) since = now;
    before = moved;
    const EndStep step = end_step(now - since, limit_);
    if (step == EndStep::wait) continue;
    if (!std::exchange(gave_up_, true)) {
      log_error(
          "the store has not answered since the mount began to end; it is given up "
          "(umount_timeout=" +
          std::to_string(limit_.count()) + ")");
      store_.give_up();
    }
    if (step != EndStep::exit) continue;
    if (last_words_) last_words_();
    ::_exit(exit_code_);
  }
}

}  // namespace pailfs::process
