// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::fs {

/// Times of directories in which names came, went or moved through this mount. The store does not
/// have them, because that would cost a request each time. Bounded: the times longest not asked for
/// are forgotten. Paths are relative to the mount. Any thread; nothing waits.
class DirectoryTimes final {
 public:
  void note(const std::string& directory, WallTime when) EXCLUDES(mutex_);
  [[nodiscard]] std::optional<WallTime> find(const std::string& directory) EXCLUDES(mutex_);
  /// Tells that the directory's object has the time `when` now.
  void stored(const std::string& directory, WallTime when) EXCLUDES(mutex_);
  /// Tells that the directory is gone, or is a new one.
  void forget(const std::string& directory) EXCLUDES(mutex_);
  /// A directory and everything below it has another path.
  void moved(const std::string& from, const std::string& to) EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kLimit = 10'000;

  Mutex mutex_;  // innermost
  cache::ExpiringLru<std::string, WallTime> changes_ GUARDED_BY(mutex_){kLimit};
};

}  // namespace pailfs::fs
