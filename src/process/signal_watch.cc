// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/signal_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

namespace pailfs::process {
namespace {

constexpr int kRepeatMilliseconds = 50;
constexpr char kEnd = 'e';
constexpr char kReopen = 'r';
constexpr char kLevel = 'l';
constexpr char kChild = 'c';
constexpr char kStop = 's';

// Global, because a signal handler gets no argument of ours; -1 while there is no SignalWatch.
std::atomic<int> signal_pipe{-1};
static_assert(std::atomic<int>::is_always_lock_free);

/// Sent only to the loop's thread, to interrupt its system call; ignored by default.
constexpr int kWakeSignal = SIGURG;

char byte_for(int number) {
  switch (number) {
    case SIGHUP:
      return kReopen;
    case SIGUSR2:
      return kLevel;
    case SIGCHLD:
      return kChild;
    default:
      return kEnd;
  }
}

void on_signal(int number) {
  const int saved = errno;
  const char byte = byte_for(number);
  // A full pipe holds thousands of unread signals; one more says nothing new.
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe.load(), &byte, 1);
  errno = saved;
}

void on_wake(int /*number*/) {}

void bury_orphans() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

void cycle_level() {
  const LogLevel from = log::level();
  const LogLevel to = next_level(from);
  log::set_level(to);
  log_critical(std::string("change debug level from [") + level_tag(from) + "] to [" +
               level_tag(to) + "]");
}

}  // namespace

LogLevel next_level(LogLevel level) {
  switch (level) {
    case LogLevel::critical:
      return LogLevel::error;
    case LogLevel::error:
      return LogLevel::warning;
    case LogLevel::warning:
      return LogLevel::info;
    case LogLevel::info:
      return LogLevel::debug;
    case LogLevel::debug:
      break;
  }
  return LogLevel::critical;
}

const char* level_tag(LogLevel level) {
  switch (level) {
    case LogLevel::critical:
      return "CRT";
    case LogLevel::error:
      return "ERR";
    case LogLevel::warning:
      return "WAN";
    case LogLevel::info:
      return "INF";
    case LogLevel::debug:
      break;
  }
  return "DBG";
}

Result<std::unique_ptr<SignalWatch>> SignalWatch::start(std::function<void()> interrupt,
                                                        pthread_t loop,
                                                        std::function<void()> on_hangup) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return system_error(errno, "pipe for signals");
  std::unique_ptr<SignalWatch> watch(new SignalWatch(
      std::move(interrupt), loop, std::move(on_hangup), UniqueFd(ends[0]), UniqueFd(ends[1])));
  return watch;
}

SignalWatch::SignalWatch(std::function<void()> interrupt, pthread_t loop,
                         std::function<void()> on_hangup, UniqueFd read_end, UniqueFd write_end)
    : interrupt_(std::move(interrupt)),
      loop_(loop),
      on_hangup_(std::move(on_hangup)),
      read_end_(std::move(read_end)),
      write_end_(std::move(write_end)) {
  signal_pipe.store(write_end_.get());
  install();
  thread_ = std::thread([this] { run(); });
}

SignalWatch::~SignalWatch() {
  for (const Saved& saved : saved_) {
    if (saved.number != 0) ::sigaction(saved.number, &saved.action, nullptr);
  }
  signal_pipe.store(-1);
  [[maybe_unused]] const ssize_t written = ::write(write_end_.get(), &kStop, 1);
  // Should the pipe be full, the thread reads until it finds its end closed.
  write_end_ = UniqueFd();
  thread_.join();
}

void SignalWatch::set(std::size_t slot, int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  saved_.at(slot).number = number;
  ::sigaction(number, &action, &saved_.at(slot).action);
}

void SignalWatch::install() {
  set(0, SIGTERM, on_signal, SA_RESTART);
  set(1, SIGINT, on_signal, SA_RESTART);
  set(2, SIGHUP, on_signal, SA_RESTART);
  set(3, SIGUSR2, on_signal, SA_RESTART);
  set(4, SIGUSR1, SIG_IGN, 0);
  set(5, SIGPIPE, SIG_IGN, 0);
  // Without SA_RESTART: interrupting is its purpose.
  set(6, kWakeSignal, on_wake, 0);
  if (::getpid() == 1) set(7, SIGCHLD, on_signal, SA_RESTART | SA_NOCLDSTOP);
}

void SignalWatch::loop_ended() {
  MutexLock lock(mutex_);
  loop_running_ = false;
}

void SignalWatch::interrupt_loop() {
  MutexLock lock(mutex_);
  if (!loop_running_) return;
  interrupt_();
  ::pthread_kill(loop_, kWakeSignal);
}

void SignalWatch::act(char byte) {
  switch (byte) {
    case kEnd:
      ending_ = true;
      break;
    case kReopen:
      log::reopen();
      // At any level: a log that is empty after logrotate was not opened anew.
      log::announce("SIGHUP: the log is opened anew, keys are read again");
      if (on_hangup_) on_hangup_();
      break;
    case kLevel:
      cycle_level();
      break;
    case kChild:
      bury_orphans();
      break;
    default:
      stopping_ = true;
      break;
  }
}

void SignalWatch::run() {
  while (!stopping_) {
    pollfd waiting{.fd = read_end_.get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, ending_ ? kRepeatMilliseconds : -1);
    std::array<char, 64> bytes{};
    const ssize_t count = ::read(read_end_.get(), bytes.data(), bytes.size());
    if (count == 0) break;
    for (ssize_t i = 0; i < count; ++i) act(bytes.at(static_cast<std::size_t>(i)));
    if (ending_) interrupt_loop();
  }
}

}  // namespace pailfs::process
