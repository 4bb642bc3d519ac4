// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
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
#define PT_GUARDED_BY(x) PAILFS_TSA(pt_guarded_by(x))
#define NO_THREAD_SAFETY_ANALYSIS PAILFS_TSA(no_thread_safety_analysis)

namespace pailfs {

/// Where a mutex stands in the order of locks: a thread that holds one takes only mutexes of a
/// higher number, and of the same number only those of a higher place. Each layer has a band of
/// numbers, outermost first (ARCHITECTURE.md, Locks). Checked where PAILFS_CHECK_LOCKS is set: in
/// Debug builds and under sanitizers, where a lock out of order ends the process with both names.
struct LockRank {
  int number = 0;
  const char* name = "";
};
/// The rank of a mutex under which only the log's is taken.
inline constexpr LockRank kInnermost{1000, "innermost"};

#if defined(PAILFS_CHECK_LOCKS)
/// Aborts, with a line on stderr, when this thread holds a lock whose rank forbids taking `mutex`.
void note_lock(const void* mutex, const LockRank& rank, std::uint64_t place);
void note_unlock(const void* mutex);
#endif

/// std::mutex that clang can reason about, and whose order is checked.
class PAILFS_TSA(capability("mutex")) Mutex {
 public:
#if defined(PAILFS_CHECK_LOCKS)
  explicit Mutex(const LockRank& rank = kInnermost, std::uint64_t place = 0)
      : rank_(rank), place_(place) {}
  void lock() PAILFS_TSA(acquire_capability()) {
    note_lock(this, rank_, place_);
    mutex_.lock();
  }
  void unlock() PAILFS_TSA(release_capability()) {
    mutex_.unlock();
    note_unlock(this);
  }
  bool try_lock() PAILFS_TSA(try_acquire_capability(true)) {
    if (!mutex_.try_lock()) return false;
    note_lock(this, rank_, place_);
    return true;
  }

 private:
  const LockRank rank_;
  const std::uint64_t place_;
#else
  explicit Mutex(const LockRank& = kInnermost, std::uint64_t = 0) {}
  void lock() PAILFS_TSA(acquire_capability()) {
    mutex_.lock();
  }
  void unlock() PAILFS_TSA(release_capability()) {
    mutex_.unlock();
  }
  bool try_lock() PAILFS_TSA(try_acquire_capability(true)) {
    return mutex_.try_lock();
  }

 private:
#endif
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
