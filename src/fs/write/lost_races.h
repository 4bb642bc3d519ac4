// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/fs/activity.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "file_content.h"

namespace pailfs::fs {

/// Keeps the bytes of files that can no longer be stored because another client's version won
/// (cache::KeptConflicts), and tells of them. One for a mount; any thread.
class LostRaces final {
 public:
  /// `directory`: Config::conflicts_directory; `mountpoint`: Config::mountpoint.
  LostRaces(std::string directory, std::string mountpoint, const Clock& clock)
      : directory_(std::move(directory)), mountpoint_(std::move(mountpoint)), clock_(clock) {}

  /// What is kept of a file.
  struct Bytes {
    Error why;
    std::uint64_t size = 0;
    store::ObjectAttributes attributes;
    std::vector<Range> ranges;
    std::shared_ptr<cache::BlockFile> local;
  };

  /// True when the file has bytes and was refused because of another client's version.
  [[nodiscard]] static bool is_one(const FileContent& content);
  [[nodiscard]] static Bytes bytes_of(const FileContent& content);
  /// Writes the bytes to the disk, and one line to the log. The local file must not be changed
  /// meanwhile. The path of the file with them; empty: they could not be kept.
  std::string keep(const std::string& path, const Bytes& bytes) EXCLUDES(mutex_);
  /// Removes the file that keep() has returned, if it has one, because the store has the bytes now,
  /// or newer ones are kept.
  void forget(const std::string& kept_in) EXCLUDES(mutex_);
  void report(Activity& activity) EXCLUDES(mutex_);

 private:
  [[nodiscard]] Result<std::string> write(const std::string& path, const Bytes& bytes) const;

  const std::string directory_;
  const std::string mountpoint_;
  const Clock& clock_;
  Mutex mutex_;  // innermost
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
  std::deque<LostRace> last_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
