// SPDX-License-Identifier: Apache-2.0
#include "beside.h"

#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>

namespace pailfs::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kLook = 1ms;
constexpr auto kShortSleep = 50ms;

/// How often the thread has gone to sleep, if it sleeps now.
std::optional<std::string> current_sleep(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  bool sleeps = false;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) sleeps = line.find('S', 6) != std::string::npos;
    if (line.starts_with("voluntary_ctxt_switches:"))
      return sleeps ? std::optional(line) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool eventually(const std::function<bool()>& holds, std::chrono::nanoseconds limit) {
  const auto end = SteadyClock::now() + limit;
  while (!holds()) {
    if (SteadyClock::now() > end) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

void Gate::open() {
  if (!open_.exchange(true)) opener_.set_value();
}

bool Gate::pass() {
  reached_ = true;
  return std::shared_future(opened_).wait_for(kNever) == std::future_status::ready;
}

bool Gate::is_reached() const {
  return eventually([this] { return reached_.load(); });
}

Beside::Beside(std::function<bool()> call)
    : thread_([this, call = std::move(call)] {
        id_ = ::gettid();
        right_ = call();
        ended_ = true;
      }) {}

bool Beside::ends() const {
  return eventually([this] { return ended_.load(); }) && right_;
}

bool Beside::waits() const {
  bool asleep = false;
  return eventually([&] { return ended_ || (asleep = is_asleep()); }) && asleep;
}

bool Beside::is_asleep() const {
  const auto sleep = current_sleep(id_);
  if (!sleep) return false;
  const auto end = SteadyClock::now() + kShortSleep;
  while (SteadyClock::now() < end) {
    std::this_thread::sleep_for(kLook);
    if (ended_ || current_sleep(id_) != sleep) return false;
  }
  return true;
}

}  // namespace pailfs::test
