// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/worker_pool.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace pailfs {
namespace {
thread_local bool is_worker = false;
}

WorkerPool::WorkerPool(std::size_t threads) : limit_(std::max<std::size_t>(threads, 1)) {}

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

bool WorkerPool::on_worker_thread() {
  return is_worker;
}

void WorkerPool::submit(std::function<void()> task) {
  MutexLock lock(mutex_);
  enqueue(std::move(task));
}

bool WorkerPool::try_submit(std::function<void()> task) {
  MutexLock lock(mutex_);
  if (queue_.size() >= idle_ && threads_.size() >= limit_) return false;
  enqueue(std::move(task));
  return true;
}

bool WorkerPool::has_waiting() {
  MutexLock lock(mutex_);
  return !queue_.empty();
}

void WorkerPool::enqueue(std::function<void()> task) {
  queue_.push_back(std::move(task));
  // While the pool ends only its own tasks submit, and their threads come back to the queue.
  if (!stopping_ && queue_.size() > idle_ && threads_.size() < limit_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      // The system gives no more threads: the existing ones will take the task.
      if (threads_.empty()) throw;
    }
  }
  wake_.notify_one();
}

void WorkerPool::run() {
  is_worker = true;
  MutexLock lock(mutex_);
  for (;;) {
    ++idle_;
    while (queue_.empty() && !stopping_) wake_.wait(mutex_);
    --idle_;
    if (queue_.empty()) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

void require_not_worker_thread() {
  if (!is_worker) return;
  std::fputs("pailfs: internal error: a worker waits for a worker\n", stderr);
  std::abort();
}

namespace {

/// State shared by the lanes of one for_each_parallel; lives until the last lane has ended.
class FanOut final {
 public:
  FanOut(WorkerPool& pool, std::size_t count, const std::function<void(std::size_t)>& task)
      : pool_(pool), count_(count), task_(task) {}

  void run(std::size_t lanes) {
    {
      MutexLock lock(mutex_);
      running_ = lanes;
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) pool_.submit([this] { go_on(); });
    MutexLock lock(mutex_);
    while (running_ > 0) done_.wait(mutex_);
  }

 private:
  void go_on() {
    MutexLock lock(mutex_);
    while (next_ < count_) {
      const std::size_t index = next_++;
      lock.unlock();
      task_(index);
      lock.lock();
      if (next_ < count_ && pool_.has_waiting()) {
        // Another task waits for a thread: this lane queues behind it, so that a short job does not
        // wait for a long one.
        pool_.submit([this] { go_on(); });
        return;
      }
    }
    // Notified under the lock: this may be gone as soon as the waiter sees zero.
    if (--running_ == 0) done_.notify_all();
  }

  WorkerPool& pool_;
  const std::size_t count_;
  const std::function<void(std::size_t)>& task_;
  Mutex mutex_{LockRank{1010, "parallel loop"}};
  CondVar done_;
  std::size_t next_ GUARDED_BY(mutex_) = 0;
  std::size_t running_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

void for_each_parallel(WorkerPool& pool, std::size_t count, std::size_t width,
                       const std::function<void(std::size_t)>& task) {
  if (count == 0) return;
  require_not_worker_thread();
  FanOut(pool, count, task).run(std::min({count, std::max<std::size_t>(width, 1), pool.size()}));
}

}  // namespace pailfs
