// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::fuse {

class Reply;

/// A request for a lock that another process or machine has.
struct LockWait {
  std::shared_ptr<Reply> reply;
  fuse_ino_t ino = 0;
  fs::HandleId handle = 0;
  fs::Lock wanted;
  MonoTime next{};                      ///< when it is asked for again
  std::chrono::milliseconds pause{50};  ///< after that
};

/// The requests of programs that wait for locks (F_SETLKW, flock without LOCK_NB). They wait here
/// and on no thread of libfuse, and do not count as working (max_threads), so that any number of
/// them leaves room for the request that unlocks. A few threads, begun when needed, ask for each
/// lock again: at growing pauses, up to a second, because nothing tells that another machine has
/// given it back; at once when this mount has. A wait ends with the lock, with an error, or when
/// the caller is interrupted (RequestWatch). Any thread may call the members.
class LockWaits final {
 public:
  /// Most requests that wait; a program that asks for more gets ENOLCK.
  static constexpr std::size_t kMost = 4096;

  LockWaits() = default;
  ~LockWaits() { end(); }
  LockWaits(const LockWaits&) = delete;
  LockWaits& operator=(const LockWaits&) = delete;

  /// Tries to get the lock; answers the request, or lets it wait.
  void begin(LockWait wait) EXCLUDES(mutex_);
  /// Tells that a lock on this file was given back here.
  void wake(fuse_ino_t ino) EXCLUDES(mutex_);
  /// Answers all requests that wait (EINTR) and ends the threads.
  void end() EXCLUDES(mutex_);
  /// Asks for the lock once, and answers unless another holder excludes it: then false.
  static bool attempt(LockWait& wait);

 private:
  void run() EXCLUDES(mutex_);
  /// Takes one that is due, or whose caller is gone; else says how long there is none.
  bool take_due(LockWait& due, std::chrono::nanoseconds& pause) REQUIRES(mutex_);
  /// False when there are too many.
  bool add(LockWait& wait) EXCLUDES(mutex_);

  Mutex mutex_{LockRank{105, "waits for locks"}};
  CondVar wake_;
  std::vector<LockWait> waits_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;
  bool ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace pailfs::fuse
