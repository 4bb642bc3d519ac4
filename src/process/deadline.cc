// SPDX-License-Identifier: Apache-2.0
#include "deadline.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace pailfs::process {
namespace {

/// Time that a handler of SIGTERM has to unmount.
constexpr std::chrono::seconds kGrace{5};

}  // namespace

Deadline::Deadline(std::chrono::seconds limit, int code, std::function<void()> say)
    : limit_(limit), code_(code), say_(std::move(say)), thread_([this] { run(); }) {}

Deadline::~Deadline() {
  call_off();
  thread_.join();
}

bool Deadline::call_off() {
  MutexLock lock(mutex_);
  off_ = true;
  changed_.notify_all();
  return !passed_;
}

bool Deadline::wait(std::chrono::seconds span) {
  const auto end = std::chrono::steady_clock::now() + span;
  MutexLock lock(mutex_);
  while (!off_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) {
      passed_ = true;
      return true;
    }
    changed_.wait_for(mutex_, left);
  }
  return false;
}

void Deadline::run() {
  if (!wait(limit_)) return;
  say_();
  struct sigaction action {};
  ::sigaction(SIGTERM, nullptr, &action);
  if (action.sa_handler == SIG_DFL) ::_exit(code_);
  ::kill(::getpid(), SIGTERM);
  if (wait(kGrace)) ::_exit(code_);
}

}  // namespace pailfs::process
