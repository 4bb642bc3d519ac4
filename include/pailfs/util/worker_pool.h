// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "pailfs/util/sync.h"

namespace pailfs {

/// Runs closures on at most N threads, which are started as needed (an idle program has none).
/// `submit` may be called from any thread and never waits. Destruction runs the queued tasks, then
/// joins the threads. A task must never wait for another task of the same pool.
class WorkerPool final {
 public:
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void submit(std::function<void()> task) EXCLUDES(mutex_);
  /// Takes the task only if a thread begins it now; false: every thread is busy.
  bool try_submit(std::function<void()> task) EXCLUDES(mutex_);
  [[nodiscard]] std::size_t size() const { return limit_; }
  /// A task waits for a thread.
  [[nodiscard]] bool has_waiting() EXCLUDES(mutex_);
  /// True on a thread that belongs to any pool.
  static bool on_worker_thread();

 private:
  void run() EXCLUDES(mutex_);
  void enqueue(std::function<void()> task) REQUIRES(mutex_);

  const std::size_t limit_;
  Mutex mutex_{LockRank{1020, "queue of a pool"}};
  CondVar wake_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

/// A value that a worker will deliver exactly once. `get` blocks; it must not be called on a worker
/// thread (asserted), which is how "no pool task waits for a pool task" is kept.
template <class T>
class Pending final {
 public:
  /// Starts `make` on the pool.
  Pending(WorkerPool& pool, std::function<T()> make) : shared_(std::make_shared<Shared>()) {
    pool.submit([shared = shared_, make = std::move(make)] {
      T value = make();
      MutexLock lock(shared->mutex);
      shared->value.emplace(std::move(value));
      shared->done.notify_all();
    });
  }

  /// Waits for the value and takes it; call once.
  T get() {
    assert_not_worker();
    MutexLock lock(shared_->mutex);
    std::optional<T>& value = shared_->value;
    while (!value) shared_->done.wait(shared_->mutex);
    return std::move(*value);
  }

 private:
  struct Shared {
    Mutex mutex;
    CondVar done;
    std::optional<T> value GUARDED_BY(mutex);
  };
  static void assert_not_worker();
  std::shared_ptr<Shared> shared_;
};

/// Ends the process with a message when called on a worker thread.
void require_not_worker_thread();
template <class T>
void Pending<T>::assert_not_worker() {
  require_not_worker_thread();
}

/// Calls `task(i)` for every i in [0, count) on the pool, at most `width` at a time, and returns
/// when all have finished. Several calls at once take turns, task by task, so that a short one does
/// not wait for a long one. Not callable on a worker thread.
void for_each_parallel(WorkerPool& pool, std::size_t count, std::size_t width,
                       const std::function<void(std::size_t)>& task);

}  // namespace pailfs
