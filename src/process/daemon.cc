// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "pailfs/process/service_notice.h"
#include "pailfs/util/complaint.h"
#include "pailfs/util/file.h"
#include "pailfs/util/log.h"
#include "pailfs/util/program_name.h"
#include "pailfs/util/result.h"

#include "deadline.h"

namespace pailfs::process {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// The child's message through the pipe: kReady, or kFailed, one byte of exit code, text.
constexpr char kReady = 'R';
constexpr char kFailed = 'F';
/// A child that was asked to end gets this long to unmount before it is killed.
constexpr std::chrono::seconds kGrace{5};

void complain(std::string_view sentence, int exit_code) {
  std::cerr << complaint_line(sentence, exit_code) << std::flush;
}

void say_not_ready(std::chrono::seconds limit) {
  complain("the mount was not ready after " + std::to_string(limit.count()) +
               " s (mount_timeout); given up",
           kExitTimeout);
}

void write_to_pipe(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the parent is gone
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Closes our output, so that a program that waits for its end (`$(pailfs ...)`, a pipe, ssh) goes
/// on.
void leave_terminal() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null) ::dup2(null.get(), stream);
  }
  // Otherwise the directory we were started in could not be unmounted.
  [[maybe_unused]] const int ignored = ::chdir("/");
}

[[noreturn]] void run_child(const Work& work, UniqueFd pipe) {
  ::setsid();
  // In the background this process is not the service that NOTIFY_SOCKET belongs to.
  ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): no other thread yet
  // Writing to a parent that has given up must not end us half way through an unmount.
  ::signal(SIGPIPE, SIG_IGN);
  std::atomic<bool> ready{false};
  const Outcome outcome = work([&pipe, &ready] {
    if (ready.exchange(true)) return;
    leave_terminal();
    write_to_pipe(pipe.get(), std::string_view(&kReady, 1));
    pipe = UniqueFd();
  });
  if (!ready) {
    std::string word = {kFailed, static_cast<char>(outcome.exit_code)};
    write_to_pipe(pipe.get(), word + outcome.message);
  } else if (outcome.exit_code != 0) {
    log_critical(outcome.message);
  }
  ::_exit(outcome.exit_code);
}

// NOLINTBEGIN(concurrency-mt-unsafe): the parent has one thread
/// Blocks the signals that end a program and shows them as a descriptor, until it goes.
class BlockedSignals final {
 public:
  BlockedSignals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, &before_);
    descriptor_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  // NOLINTEND(concurrency-mt-unsafe)

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  /// The signal that has arrived, 0 if none.
  [[nodiscard]] int take() const {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof(info)) != sizeof(info)) return 0;
    return static_cast<int>(info.ssi_signo);
  }

 private:
  sigset_t before_{};
  UniqueFd descriptor_;
};

int remaining_milliseconds(SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, 1'000'000'000));
}

enum class Wait { word_complete, timed_out, interrupted };

struct Heard {
  Wait how = Wait::word_complete;
  int signal = 0;
  std::string word;  ///< empty when the child closed the pipe without one
};

Heard listen(int pipe, const BlockedSignals& signals, SteadyTime deadline) {
  Heard heard;
  for (;;) {
    std::array<pollfd, 2> waiting{};
    waiting[0].fd = pipe;
    waiting[0].events = POLLIN;
    waiting[1].fd = signals.descriptor();
    waiting[1].events = POLLIN;
    if (::poll(waiting.data(), waiting.size(), remaining_milliseconds(deadline)) == 0) {
      heard.how = Wait::timed_out;
      return heard;
    }
    if (waiting[1].revents != 0) {
      heard.signal = signals.take();
      heard.how = Wait::interrupted;
      if (heard.signal != 0) return heard;
    }
    if (waiting[0].revents == 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(pipe, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    heard.how = Wait::word_complete;
    if (count <= 0) return heard;
    heard.word.append(bytes.data(), static_cast<std::size_t>(count));
    if (heard.word.front() == kReady) return heard;
  }
}

/// Waits for the child, at most until `deadline`; nothing when it still lives.
std::optional<int> wait_state(pid_t child, SteadyTime deadline) {
  for (;;) {
    int state = 0;
    const pid_t found = ::waitpid(child, &state, WNOHANG);
    if (found == child) return state;
    if (found < 0 && errno != EINTR) return 0;
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// Gently first: the child may have mounted already and can still unmount.
void end_child(pid_t child) {
  ::kill(child, SIGTERM);
  if (wait_state(child, std::chrono::steady_clock::now() + kGrace)) return;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

int report_silent_death(pid_t child) {
  const auto state = wait_state(child, std::chrono::steady_clock::now() + kGrace);
  if (state && WIFSIGNALED(*state)) {
    const int number = WTERMSIG(*state);
    const char* name = ::strsignal(number);  // NOLINT(concurrency-mt-unsafe): one thread
    complain("the background process was killed by signal " + std::to_string(number) + " (" +
                 (name == nullptr ? "?" : name) + ") before the mount was ready",
             kExitDied);
  } else if (state) {
    complain("the background process ended with code " + std::to_string(WEXITSTATUS(*state)) +
                 " before the mount was ready, without saying why",
             kExitDied);
  } else {
    complain("the background process closed its report before the mount was ready", kExitDied);
    end_child(child);
  }
  return kExitDied;
}

}  // namespace

int run_detached(const Work& work, std::chrono::seconds limit) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    complain(system_error(errno, "cannot go into the background").text, kExitDied);
    return kExitDied;
  }
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::cout << std::flush;
  ::fflush(nullptr);  // otherwise the child would write buffered output a second time

  std::optional<BlockedSignals> signals(std::in_place);
  const pid_t child = ::fork();
  if (child < 0) {
    complain(system_error(errno, "cannot go into the background").text, kExitDied);
    return kExitDied;
  }
  if (child == 0) {
    signals.reset();
    read_end = UniqueFd();
    run_child(work, std::move(write_end));
  }
  write_end = UniqueFd();

  const Heard heard = listen(read_end.get(), *signals, std::chrono::steady_clock::now() + limit);
  if (heard.how == Wait::timed_out) {
    end_child(child);
    say_not_ready(limit);
    return kExitTimeout;
  }
  if (heard.how == Wait::interrupted) {
    end_child(child);
    return 128 + heard.signal;
  }
  if (heard.word.empty()) return report_silent_death(child);
  if (heard.word.front() == kReady) return 0;

  // The child has reported its failure and only has to end.
  if (!wait_state(child, std::chrono::steady_clock::now() + kGrace)) end_child(child);
  const int code = heard.word.size() > 1 ? static_cast<unsigned char>(heard.word[1]) : kExitDied;
  if (heard.word.size() > 2) complain(std::string_view(heard.word).substr(2), code);
  return code;
}

int run_foreground(const Work& work, const std::string& ready_text, std::chrono::seconds limit) {
  // Process 1 is not ended by a signal that it does not handle.
  if (::getpid() == 1) {
    for (const int number : {SIGTERM, SIGINT}) {
      ::signal(number, [](int received) { ::_exit(128 + received); });
    }
  }
  Deadline deadline(limit, kExitTimeout, [limit] { say_not_ready(limit); });
  const Outcome outcome = work([&] {
    if (!deadline.call_off()) return;
    std::cerr << program_name() + ": " + ready_text + " (pid " + std::to_string(::getpid()) + ")\n"
              << std::flush;
    notify_service("READY=1\nSTATUS=" + ready_text);
  });
  if (!deadline.call_off()) return kExitTimeout;
  if (outcome.exit_code != 0 && !outcome.message.empty())
    complain(outcome.message, outcome.exit_code);
  return outcome.exit_code;
}

}  // namespace pailfs::process
