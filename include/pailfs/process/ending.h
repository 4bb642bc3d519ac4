// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "pailfs/util/sync.h"

namespace pailfs::process {

/// Keeps the end of a mount short when the store does not answer (umount_timeout). From begin() on
/// it watches whether anything is moved to or from the store. What makes progress is never cut off;
/// without any for the limit, less what is needed to end in order, the store is given up: requests
/// fail, so that everything that waits for them ends, and the end goes its usual way with its list
/// of what is not stored. What still has not ended at the limit is ended by _exit(2), after
/// last_words. A thread of its own from begin() on. Any thread may call the members.
class Ending final {
 public:
  struct Store {
    std::function<std::uint64_t()> moved;  ///< any number that changes with every byte
    std::function<void()> give_up;         ///< may be called more than once
  };

  Ending(std::chrono::seconds limit, Store store, int exit_code);
  ~Ending();
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  /// Not from a handler of signals. The second time changes nothing.
  void begin() EXCLUDES(mutex_);
  /// What is done before the process is ended, instead of what was set before; may be null. Calls
  /// nothing back. Waits for the words if they are being said, and then for ever.
  void set_last_words(std::function<void()> words) EXCLUDES(mutex_);
  /// Nothing is wanted of the store any more: what still asks it ends.
  void give_up() { store_.give_up(); }
  /// The store was given up because it did not answer.
  [[nodiscard]] bool gave_up() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);

  const std::chrono::seconds limit_;
  const Store store_;
  const int exit_code_;
  Mutex mutex_{LockRank{130, "ending"}};
  CondVar change_;
  std::function<void()> last_words_ GUARDED_BY(mutex_);
  bool begun_ GUARDED_BY(mutex_) = false;
  bool over_ GUARDED_BY(mutex_) = false;
  bool gave_up_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // of the first begin()
};

enum class EndStep { wait, give_up, exit };
/// What is due when nothing has moved for so long. Pure.
EndStep end_step(std::chrono::nanoseconds still, std::chrono::seconds limit);

}  // namespace pailfs::process
