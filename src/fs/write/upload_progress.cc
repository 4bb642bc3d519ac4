// SPDX-License-Identifier: Apache-2.0
#include "upload_progress.h"

#include <algorithm>
#include <utility>

namespace pailfs::fs {

std::vector<UploadState> Uploads::snapshot() {
  std::vector<UploadState> states;
  MutexLock lock(mutex_);
  for (const Upload* upload : running_) {
    const std::uint64_t done = upload->done_.load(std::memory_order_relaxed);
    const std::uint64_t total = upload->total_.load(std::memory_order_relaxed);
    states.push_back({upload->path_, std::min(done, total), total});
  }
  return states;
}

Upload::Upload(Uploads& uploads, std::string path, std::uint64_t total)
    : uploads_(uploads), path_(std::move(path)), total_(total) {
  MutexLock lock(uploads_.mutex_);
  place_ = uploads_.running_.insert(uploads_.running_.end(), this);
}

Upload::~Upload() {
  MutexLock lock(uploads_.mutex_);
  uploads_.running_.erase(place_);
}

}  // namespace pailfs::fs
