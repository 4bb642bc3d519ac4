// SPDX-License-Identifier: Apache-2.0
// Two threads of a test that meet where the test needs them, without a sleep that hopes for it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace pailfs::test {

/// After that long something is taken never to happen, be the machine ever so slow.
inline constexpr std::chrono::seconds kNever{20};

/// Asks until `holds`, every millisecond; false when it never does. `holds` may be asked by any
/// thread.
bool eventually(const std::function<bool()>& holds, std::chrono::nanoseconds limit = kNever);

/// A place where threads stand until it is opened; they pass once it has been. Any thread.
class Gate final {
 public:
  void open();
  /// False when it is never opened.
  bool pass();
  /// Waits until a thread has come to the gate; false when none ever does.
  [[nodiscard]] bool is_reached() const;

 private:
  std::promise<void> opener_;
  const std::shared_future<void> opened_ = opener_.get_future().share();
  std::atomic<bool> open_ = false;
  std::atomic<bool> reached_ = false;
};

/// A call on a thread of its own, which its destruction waits for. The questions are one thread's,
/// and each of them waits for its answer.
class Beside final {
 public:
  /// `call` returns whether all was right. Assertions stand on the main thread only.
  explicit Beside(std::function<bool()> call);
  ~Beside() { thread_.join(); }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  /// The call ends by itself, and was right.
  [[nodiscard]] bool ends() const;
  /// The call does not end: its thread sleeps and is not woken. What wakes it in less than 50 ms,
  /// as a lock does that another thread holds for a moment, is no wait.
  [[nodiscard]] bool waits() const;

 private:
  [[nodiscard]] bool is_asleep() const;

  std::atomic<bool> right_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<pid_t> id_ = 0;
  std::thread thread_;
};

}  // namespace pailfs::test
