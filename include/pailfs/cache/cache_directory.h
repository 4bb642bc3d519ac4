// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::cache {

/// The directory in which mounts of one bucket keep what outlives them: CACHE/pailfs/HASH, with a
/// hash of the identity. The directories are the user's own, mode 0700, and one mount holds them at
/// a time, from take() until this is destroyed. Other classes make files of their own in path();
/// the names `lock` and `identity` are taken. The content of every file found there is untrusted.
class CacheDirectory final {
 public:
  /// Makes the missing directories below `cache`, which exists. `identity` is a text of a few
  /// lines: the endpoint, the bucket, the prefix. EBUSY: another mount has it. EACCES: it belongs
  /// to another user, or is open to others. EINVAL: it belongs to another identity or to another
  /// version of the format. After an error a mount goes on without the directory, and says so once.
  static Result<CacheDirectory> take(const std::string& cache, const std::string& identity);

  /// Makes CACHE/pailfs, which all mounts of the user share, and returns its path. EACCES: it
  /// belongs to another user, or is open to others.
  static Result<std::string> make_shared(const std::string& cache);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Removes the files there, as far as they can be removed (`del_cache`).
  void clear() const;

 private:
  CacheDirectory(std::string path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

}  // namespace pailfs::cache
