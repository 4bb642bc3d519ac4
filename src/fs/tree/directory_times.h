// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::fs {

/// When names in directories last came, went or moved through this mount, which the store has not
/// been told: it would cost a request each time. Bounded: the changes longest not asked for are
/// forgotten. Paths are relative to the mount. Any thread; nothing waits.
class DirectoryTimes final {
 public:
  void note(const std::string& directory, WallTime when) EXCLUDES(mutex_);
  [[nodiscard]] std::optional<WallTime> find(const std::string& directory) EXCLUDES(mutex_);
  /// The store knows of the change of that time now.
  void stored(const std::string& directory, WallTime when) EXCLUDES(mutex_);
  /// The directory is gone, or is a new one.
  void forget(const std::string& directory) EXCLUDES(mutex_);
  /// A directory and everything below it has another path.
  void moved(const std::string& from, const std::string& to) EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kLimit = 10'000;

  Mutex mutex_;  // innermost
  cache::ExpiringLru<std::string, WallTime> changes_ GUARDED_BY(mutex_){kLimit};
};

}  // namespace pailfs::fs
