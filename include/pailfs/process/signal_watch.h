// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <array>
#include <functional>
#include <memory>
#include <thread>

#include "pailfs/util/file.h"
#include "pailfs/util/log.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::process {

/// The signals of a serving process, as s3fs 1.9x has them where it works: SIGTERM and SIGINT end
/// the loop, SIGHUP reopens the log file and tells `on_hangup`, SIGUSR2 goes one log level further,
/// SIGUSR1 and SIGPIPE do nothing. As process 1 it also buries orphans. One at a time; a thread of
/// its own does the work, the handlers only write one byte. The previous dispositions come back
/// with the destructor.
class SignalWatch final {
 public:
  /// Watches from now on. `interrupt` makes the loop of the thread `loop` end; it is repeated every
  /// 50 ms after SIGTERM or SIGINT, because a loop that was just about to sleep misses one, and
  /// each time `loop` gets a signal that interrupts its system call. Never called after
  /// loop_ended(). `on_hangup` may be null; it is called on the thread of the watch.
  static Result<std::unique_ptr<SignalWatch>> start(std::function<void()> interrupt, pthread_t loop,
                                                    std::function<void()> on_hangup);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Tells that the loop has ended. A further SIGTERM or SIGINT changes nothing from now on, while
  /// unstored files are being stored.
  void loop_ended() EXCLUDES(mutex_);

 private:
  struct Saved {
    int number = 0;
    struct sigaction action {};
  };

  SignalWatch(std::function<void()> interrupt, pthread_t loop, std::function<void()> on_hangup,
              UniqueFd read_end, UniqueFd write_end);
  void install();
  void set(std::size_t slot, int number, void (*handler)(int), int flags);
  void run() EXCLUDES(mutex_);
  void act(char byte) EXCLUDES(mutex_);
  void interrupt_loop() EXCLUDES(mutex_);

  const std::function<void()> interrupt_;
  const pthread_t loop_;
  const std::function<void()> on_hangup_;
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::array<Saved, 8> saved_{};
  bool ending_ = false;    // of the thread only
  bool stopping_ = false;  // of the thread only
  Mutex mutex_{LockRank{120, "signals"}};
  bool loop_running_ GUARDED_BY(mutex_) = true;
  std::thread thread_;
};

/// s3fs's circle: critical, error, warning, info, debug, critical.
LogLevel next_level(LogLevel level);
/// "CRT", "ERR", "WAN", "INF", "DBG" as s3fs writes them.
const char* level_tag(LogLevel level);

}  // namespace pailfs::process
