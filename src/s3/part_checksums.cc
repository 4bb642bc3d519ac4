// SPDX-License-Identifier: Apache-2.0
#include "part_checksums.h"

#include <utility>

namespace pailfs::s3 {

bool PartChecksums::has_room() const {
  MutexLock lock(mutex_);
  return uploads_.size() < kMost;
}

void PartChecksums::begin(const UploadId& id) {
  MutexLock lock(mutex_);
  uploads_[id.value];
}

void PartChecksums::forget(const UploadId& id) {
  MutexLock lock(mutex_);
  uploads_.erase(id.value);
}

bool PartChecksums::covers(const UploadId& id) const {
  MutexLock lock(mutex_);
  return uploads_.contains(id.value);
}

void PartChecksums::confirmed(const UploadId& id, int number, std::string checksum) {
  MutexLock lock(mutex_);
  const auto found = uploads_.find(id.value);
  if (found != uploads_.end()) found->second[number] = std::move(checksum);
}

std::map<int, std::string> PartChecksums::of(const UploadId& id) const {
  MutexLock lock(mutex_);
  const auto found = uploads_.find(id.value);
  return found == uploads_.end() ? std::map<int, std::string>() : found->second;
}

}  // namespace pailfs::s3
