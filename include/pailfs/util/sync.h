// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Thread-safety annotations, checked by clang (-Wthread-safety) and nothing elsewhere.
// std::mutex carries none with libstdc++, hence the thin wrappers below.
#if defined(__clang__)
#define PAILFS_TSA(x) __attribute__((x))
#else
#define PAILFS_TSA(x)
#endif
#define GUARDED_BY(x) PAILFS_TSA(guarded_by(x))
#define REQUIRES(...) PAILFS_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) PAILFS_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRED_BEFORE(...) PAILFS_TSA(acquired_before(__VA_ARGS__))
#define ACQUIRED_AFTER(...) PAILFS_TSA(acquired_after(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS PAILFS_TSA(no_thread_safety_analysis)

namespace pailfs {

/// std::mutex that clang can reason about.
class PAILFS_TSA(capability("mutex")) Mutex {
 public:
  void lock() PAILFS_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() PAILFS_TSA(release_capability()) { mutex_.unlock(); }
  bool try_lock() PAILFS_TSA(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for its own lifetime; may be let go early with unlock() and taken again.
class PAILFS_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PAILFS_TSA(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() PAILFS_TSA(release_capability()) {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() PAILFS_TSA(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }
  void lock() PAILFS_TSA(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// Condition variable for Mutex. Waits may wake spuriously: always wait in a loop over the
/// condition.
class CondVar {
 public:
  /// Releases `mutex`, sleeps until notified, takes it again. The caller holds `mutex`.
  void wait(Mutex& mutex) REQUIRES(mutex) { condition_.wait(mutex); }
  template <class Rep, class Period>
  bool wait_for(Mutex& mutex, const std::chrono::duration<Rep, Period>& limit) REQUIRES(mutex) {
    return condition_.wait_for(mutex, limit) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace pailfs
