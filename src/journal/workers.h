// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::journal {

/// The threads that carry out waiting changes. One idle thread watches for changes that become due,
/// the others rest; a thread is started when work comes while none is idle, up to `most`. The owner
/// knows which work is due. Any thread may call any member, also with the owner's mutex held,
/// except stop() and the destructor, which wait for the threads.
class Workers final {
 public:
  /// The owner's functions, both called on a worker without a lock of Workers.
  struct Work {
    /// Does work that is due. False: none is due now.
    std::function<bool()> turn;
    /// When the next work becomes due.
    std::function<MonoTime()> next_due;
  };
  Workers(std::size_t most, Clock& clock, Work work);
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Starts one more thread, unless there are `most`.
  void start() EXCLUDES(mutex_);
  /// A worker takes a turn at that time or earlier.
  void wake_at(MonoTime at) EXCLUDES(mutex_);
  /// Ends all threads, each after its turn.
  void stop() EXCLUDES(mutex_);

 private:
  void add_thread() REQUIRES(mutex_);
  void run() EXCLUDES(mutex_);
  /// Waits for work, unless some has come since the worker counted `missed`.
  void idle(std::uint64_t missed) EXCLUDES(mutex_);

  const std::size_t most_;
  Clock& clock_;
  const Work work_;
  Mutex mutex_{LockRank{315, "journal's workers"}};
  CondVar watch_;  // for the worker that watches
  CondVar rest_;   // for the other idle workers
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::size_t resting_ GUARDED_BY(mutex_) = 0;
  bool watched_ GUARDED_BY(mutex_) = false;
  MonoTime watched_until_ GUARDED_BY(mutex_){};
  /// Wake-ups that came while no worker was idle: one that is about to be must look again.
  std::uint64_t missed_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace pailfs::journal
