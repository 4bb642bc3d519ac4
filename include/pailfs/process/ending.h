// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "pailfs/util/sync.h"

namespace pailfs::process {

/// Keeps the end of a mount short when the store does not answer (umount_timeout). From begin() on,
/// a thread watches whether bytes move to or from the store. While they do, the mount goes on
/// storing. If none moves for almost the limit, the store is given up: requests fail, so that
/// everything that waits for them ends, and the mount ends in order with its list of files that are
/// not stored. A process that still runs at the limit is ended by _exit(2), after the last words.
/// Any thread may call the members.
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

  /// Begins the end; a second call changes nothing. Not to be called in a signal handler.
  void begin() EXCLUDES(mutex_);
  /// Sets the function that is called before _exit(2), in place of the one before; may be null. It
  /// calls nothing back. If the old function is being called, waits for that, and then for ever.
  void set_last_words(std::function<void()> words) EXCLUDES(mutex_);
  /// Ends all requests to the store, because none is needed any more.
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
/// The step that is due when no byte has moved for `still`. Pure.
EndStep end_step(std::chrono::nanoseconds still, std::chrono::seconds limit);

}  // namespace pailfs::process
