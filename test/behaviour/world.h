// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::test {

class FakeStore;
class FaultStore;
class FakeClock;

struct FileStat {
  mode_t mode = 0;
  nlink_t nlink = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  std::uint64_t ino = 0;
  WallTime atime{};
  WallTime mtime{};
  WallTime ctime{};
};

/// POSIX calls on paths relative to the mount point ("" is the mount point itself, no leading
/// slash). Errors are errnos. Symbolic links are never followed. Not thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;

  /// The mode is stored as given: no umask.
  virtual Result<int> open(const std::string& path, int flags, mode_t mode = 0644) = 0;
  virtual Status close(int fd) = 0;
  virtual Result<std::string> pread(int fd, std::uint64_t offset, std::size_t size) = 0;
  virtual Status pwrite(int fd, std::uint64_t offset, std::string_view bytes) = 0;
  /// At the file's end when it was opened with O_APPEND, else where the last write() ended.
  virtual Status write(int fd, std::string_view bytes) = 0;
  virtual Status fsync(int fd) = 0;
  virtual Result<FileStat> fstat(int fd) = 0;
  virtual Status ftruncate(int fd, std::uint64_t size) = 0;
  virtual Status fchmod(int fd, mode_t mode) = 0;

  virtual Result<FileStat> stat(const std::string& path) = 0;
  virtual Status mkdir(const std::string& path, mode_t mode = 0755) = 0;
  virtual Status rmdir(const std::string& path) = 0;
  virtual Status unlink(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to,
                        bool no_replace = false) = 0;
  virtual Status mknod(const std::string& path, mode_t mode) = 0;
  virtual Status symlink(const std::string& target, const std::string& path) = 0;
  virtual Result<std::string> readlink(const std::string& path) = 0;
  /// Names without "." and "..", in the order they came.
  virtual Result<std::vector<std::string>> readdir(const std::string& path) = 0;
  virtual Status chmod(const std::string& path, mode_t mode) = 0;
  virtual Status chown(const std::string& path, uid_t uid, gid_t gid) = 0;
  virtual Status utimens(const std::string& path, std::optional<WallTime> atime,
                         std::optional<WallTime> mtime) = 0;
  virtual Status truncate(const std::string& path, std::uint64_t size) = 0;
  virtual Status setxattr(const std::string& path, const std::string& name,
                          const std::string& value, int flags = 0) = 0;
  virtual Result<std::string> getxattr(const std::string& path, const std::string& name) = 0;
  virtual Result<std::vector<std::string>> listxattr(const std::string& path) = 0;
  virtual Status removexattr(const std::string& path, const std::string& name) = 0;

  /// Who the calls come from.
  [[nodiscard]] virtual uid_t uid() const = 0;
  [[nodiscard]] virtual gid_t gid() const = 0;
};

/// What a test wants of the mount, beside the defaults.
struct WorldOptions {
  std::string prefix = {};  ///< "" or "a/b/"
  bool use_xattr = false;
  bool use_wtf8 = false;
  bool update_parent_dir_stat = false;
  std::uint64_t multipart_size = 10U << 20U;
  std::optional<mode_t> umask = std::nullopt;
  std::optional<uid_t> uid = std::nullopt;
  std::optional<gid_t> gid = std::nullopt;
  bool fsync_settles = false;
  std::vector<std::string> mount_options = {};  ///< further ones of a real mount, as after -o
};

/// A mounted bucket of its own and the bucket itself.
class World {
 public:
  virtual ~World() = default;
  virtual Driver& posix() = 0;
  /// The bucket as another client sees and changes it.
  virtual store::ObjectStore& bucket() = 0;
  /// After this no cache hides the changes of another client.
  virtual void let_caches_expire() = 0;
  /// Unmounts and mounts again over the same bucket.
  virtual void remount() = 0;
  /// Owner of objects that name none.
  [[nodiscard]] virtual uid_t default_uid() const = 0;
  [[nodiscard]] virtual gid_t default_gid() const = 0;

  /// Where a real mount is; empty otherwise.
  [[nodiscard]] virtual std::string directory() const { return {}; }
  /// Only where the file system runs over the fake; null on a real mount.
  virtual FakeStore* fake() { return nullptr; }
  virtual FaultStore* faults() { return nullptr; }
  virtual FakeClock* clock() { return nullptr; }
};

/// The world this test program was built for. Where it cannot exist on this machine, ends the
/// program with the code that CTest shows as "skipped", after saying why.
std::unique_ptr<World> open_world(const WorldOptions& options = {});

/// Extension to content type, as open_world() configures it: a fixed table in mime.types form.
extern const char* const kMimeTypes;

}  // namespace pailfs::test
