// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/sync.h"

namespace pailfs::fs {

class Upload;

/// The uploads under way, for the status. Any thread.
class Uploads final {
 public:
  [[nodiscard]] std::vector<UploadState> snapshot() EXCLUDES(mutex_);

 private:
  friend class Upload;
  Mutex mutex_;
  std::list<Upload*> running_ GUARDED_BY(mutex_);
};

/// One upload, shown for as long as this lives. Several threads may call moved(), one a part.
class Upload final {
 public:
  Upload(Uploads& uploads, std::string path, std::uint64_t total);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  /// Tells that `to` bytes of a part are on their way, of which `from` were counted before; a
  /// repeated attempt goes back.
  void moved(std::uint64_t from, std::uint64_t to) {
    done_.fetch_add(to - from, std::memory_order_relaxed);
  }
  /// The file has become larger. By one thread at a time.
  void grow(std::uint64_t total) {
    if (total > total_.load(std::memory_order_relaxed)) total_ = total;
  }

 private:
  friend class Uploads;
  Uploads& uploads_;
  const std::string path_;
  std::atomic<std::uint64_t> total_;
  std::atomic<std::uint64_t> done_{0};  // sums of differences: correct also where one wraps around
  std::list<Upload*>::iterator place_;
};

}  // namespace pailfs::fs
