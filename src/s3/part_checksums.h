// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "pailfs/s3/store_words.h"
#include "pailfs/util/sync.h"

namespace pailfs::s3 {

/// The uploads that were begun with a checksum algorithm, and the checksums of their parts that the
/// service has confirmed: S3 wants all of them again when such an upload is completed, and takes no
/// part without one. Bounded: uploads beyond kMost at a time go without. Any thread.
class PartChecksums final {
 public:
  static constexpr std::size_t kMost = 1000;

  [[nodiscard]] bool has_room() const EXCLUDES(mutex_);
  void begin(const UploadId& id) EXCLUDES(mutex_);
  /// The upload was completed or aborted, or a part of it has no checksum.
  void forget(const UploadId& id) EXCLUDES(mutex_);
  [[nodiscard]] bool covers(const UploadId& id) const EXCLUDES(mutex_);
  /// The service has stored the part and replied with `checksum`.
  void confirmed(const UploadId& id, int number, std::string checksum) EXCLUDES(mutex_);
  /// By the parts' numbers.
  [[nodiscard]] std::map<int, std::string> of(const UploadId& id) const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::map<int, std::string>> uploads_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::s3
