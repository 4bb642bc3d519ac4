// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "world.h"

namespace pailfs::test {

/// System calls below a directory. The process must have umask 0.
class MountDriver final : public Driver {
 public:
  explicit MountDriver(std::string root) : root_(std::move(root)) {}
  ~MountDriver() override;

  Result<int> open(const std::string& path, int flags, mode_t mode) override;
  Status close(int fd) override;
  Result<std::string> pread(int fd, std::uint64_t offset, std::size_t size) override;
  Status pwrite(int fd, std::uint64_t offset, std::string_view bytes) override;
  Status write(int fd, std::string_view bytes) override;
  Status fsync(int fd) override;
  Result<FileStat> fstat(int fd) override;
  Status ftruncate(int fd, std::uint64_t size) override;
  Status fchmod(int fd, mode_t mode) override;
  Result<FileStat> stat(const std::string& path) override;
  Status mkdir(const std::string& path, mode_t mode) override;
  Status rmdir(const std::string& path) override;
  Status unlink(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to, bool no_replace) override;
  Status mknod(const std::string& path, mode_t mode) override;
  Status symlink(const std::string& target, const std::string& path) override;
  Result<std::string> readlink(const std::string& path) override;
  Result<std::vector<std::string>> readdir(const std::string& path) override;
  Status chmod(const std::string& path, mode_t mode) override;
  Status chown(const std::string& path, uid_t uid, gid_t gid) override;
  Status utimens(const std::string& path, std::optional<WallTime> atime,
                 std::optional<WallTime> mtime) override;
  Status truncate(const std::string& path, std::uint64_t size) override;
  Status setxattr(const std::string& path, const std::string& name, const std::string& value,
                  int flags) override;
  Result<std::string> getxattr(const std::string& path, const std::string& name) override;
  Result<std::vector<std::string>> listxattr(const std::string& path) override;
  Status removexattr(const std::string& path, const std::string& name) override;
  [[nodiscard]] uid_t uid() const override;
  [[nodiscard]] gid_t gid() const override;

 private:
  [[nodiscard]] std::string at(const std::string& path) const;

  std::string root_;
  std::vector<int> open_;  // so that a failing test does not keep the mount busy
};

}  // namespace pailfs::test
