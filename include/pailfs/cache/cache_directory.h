// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::cache {

/// Where a mount keeps between its lives what it knows of one bucket: CACHE/pailfs/HASH, HASH of
/// what the bucket is. The directories are the user's own, mode 0700, and one mount has them at a
/// time, from take() until this is destroyed. Who keeps something there makes files with names of
/// its own in path(); `lock` and `identity` are taken. Whatever is found in them is untrusted.
class CacheDirectory final {
 public:
  /// Makes what is missing below `cache`, which is there. `identity` is a text of a few lines: the
  /// endpoint, the bucket, the prefix. EBUSY: another mount has it. EACCES: somebody else's, or
  /// open to others. EINVAL: it belongs to something else or to another version. A mount does
  /// without then, and says so once.
  static Result<CacheDirectory> take(const std::string& cache, const std::string& identity);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Removes what is kept there, as far as it can be removed (`del_cache`).
  void clear() const;

 private:
  CacheDirectory(std::string path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

}  // namespace pailfs::cache
