// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "pailfs/fs/activity.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "file_content.h"

namespace pailfs::fs {

/// Keeps the bytes of files that can no longer be stored because another client's version won
/// (cache::KeptConflicts), and tells of them. One for a mount; any thread.
class LostRaces final {
 public:
  /// `directory`: Config::conflicts_directory.
  LostRaces(std::string directory, const Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}

  /// True when the file has bytes and was refused because of another client's version.
  [[nodiscard]] static bool is_one(const FileContent& content);
  /// Writes the bytes to the disk, and one line to the log. The content is the caller's alone.
  void keep(const std::string& path, const FileContent& content) EXCLUDES(mutex_);
  void report(Activity& activity) EXCLUDES(mutex_);

 private:
  [[nodiscard]] Result<std::string> write(const std::string& path,
                                          const FileContent& content) const;

  const std::string directory_;
  const Clock& clock_;
  Mutex mutex_;  // innermost
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
  std::deque<LostRace> last_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
