// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/result.h"

namespace pailfs::auth {

/// A file that holds secrets, whole in memory, wiped when dropped.
class SecretFile final {
 public:
  /// Far above any real one; a wrong path must not fill the memory.
  static constexpr std::size_t kMaxSize = 64U << 10U;

  /// Opens `path` (symbolic links are followed, as s3fs does: Kubernetes secrets are links) and
  /// reads from the open descriptor, so that no later swap of the name can matter. Error::err is
  /// that of open(2), EINVAL when it is no regular file, EFBIG above kMaxSize.
  static Result<SecretFile> read(const std::string& path);
  /// The same below an open directory; `shown` is the name for messages.
  static Result<SecretFile> read_in(int directory, const char* name, const std::string& shown);
  /// Reads an inherited descriptor to its end: a pipe, or a file from its beginning. ETIMEDOUT when
  /// the writer does not end within `limit`.
  static Result<SecretFile> read_descriptor(int fd, std::chrono::milliseconds limit,
                                            const std::string& shown);

  SecretFile(SecretFile&&) noexcept = default;
  SecretFile& operator=(SecretFile&&) noexcept = default;
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;
  ~SecretFile();

  [[nodiscard]] const std::string& text() const { return *text_; }
  /// Status of the descriptor that the text was read from.
  [[nodiscard]] const struct stat& status() const { return status_; }

 private:
  SecretFile() = default;
  static Result<SecretFile> finish(SecretFile file, std::size_t size, const std::string& shown);

  // On the heap, so that moving leaves no copy behind in a small-string buffer.
  std::unique_ptr<std::string> text_;
  struct stat status_ {};
};

/// The N of /dev/fd/N, /proc/self/fd/N and /dev/stdin: a descriptor of this process. Pure.
std::optional<int> named_descriptor(const std::string& path);

/// The ids of this process that decide about a file's group bits.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  static Caller current();
};

/// s3fs's rules for files in its password format (s3fs 1.90, section "credentials file"): only the
/// owner may read it, except that the system-wide file may be readable by its group. One exception
/// of ours, because Kubernetes hands out secrets so: a file of root's that its group may read is
/// accepted for a caller in that group, unless caller and group are both plain root. Pure.
Status check_permissions(const std::string& path, const struct stat& status, bool system_wide,
                         const Caller& caller);

}  // namespace pailfs::auth
