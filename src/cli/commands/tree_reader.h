// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/sync.h"

namespace pailfs::cli {

/// Reads files and everything below directories as fast as their file system gives them: many side
/// by side, for nothing but that they are read. Links below are not followed. One thread calls
/// run(), once.
class TreeReader final {
 public:
  enum class Wish { attributes, bytes };
  struct Progress {
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failures = 0;
  };
  /// `tell` is called about once a second, on the thread of run(); `complain` for each file or
  /// directory that cannot be read, with a sentence, by one thread at a time.
  TreeReader(Wish wish, unsigned jobs, std::function<void(const Progress&)> tell,
             std::function<void(const std::string&)> complain);

  /// Returns when all is read.
  Progress run(const std::vector<std::string>& paths) EXCLUDES(mutex_);

 private:
  struct Task {
    std::string path;
    bool listed = false;  ///< found in a directory, so that a link is not followed
  };
  void work() EXCLUDES(mutex_);
  std::optional<Task> next() EXCLUDES(mutex_);
  void read(const Task& task);
  void read_directory(const std::string& path);
  void read_file(const std::string& path);
  void fail(const std::string& path, int err) EXCLUDES(mutex_);

  const Wish wish_;
  const unsigned jobs_;
  const std::function<void(const Progress&)> tell_;
  const std::function<void(const std::string&)> complain_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  std::size_t busy_ GUARDED_BY(mutex_) = 0;  ///< threads that have a task, so that more may come
  Progress done_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cli
