// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"

#include "world.h"

namespace pailfs::test {

/// Calls a FileSystem as the kernel would for each system call: one lookup per component and before
/// every create, then the verb, then forget. Nothing is remembered from one call to the next but
/// open files, so that every answer is the file system's own.
class DirectDriver final : public Driver {
 public:
  /// `fs` must outlive the driver, which must close what it opened before.
  DirectDriver(fs::FileSystem& fs, fs::Caller caller) : fs_(fs), caller_(caller) {}

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
  [[nodiscard]] uid_t uid() const override { return caller_.uid; }
  [[nodiscard]] gid_t gid() const override { return caller_.gid; }

  [[nodiscard]] std::size_t open_files() const { return files_.size(); }
  /// Of an open file.
  [[nodiscard]] fs::InodeId inode(int fd) const { return files_.at(fd).ino; }
  /// Closes everything, ignoring the verdicts: what a killed program leaves behind.
  void close_all();

 private:
  struct OpenFile {
    fs::InodeId ino = 0;
    fs::HandleId handle = 0;
    bool append = false;
    std::uint64_t position = 0;
  };
  /// An inode looked up once; taken back when it goes.
  class Ref;
  struct Parent;

  Result<Ref> walk(const std::string& path);
  Result<Parent> walk_parent(const std::string& path);
  Result<OpenFile*> file(int fd);
  Result<int> open_once(const std::string& path, int flags, mode_t mode);
  Status put(int fd, std::uint64_t offset, std::string_view bytes, fs::WriteOrigin origin);
  Status set(const std::string& path, const fs::SetAttr& change);

  fs::FileSystem& fs_;
  const fs::Caller caller_;
  std::map<int, OpenFile> files_;
  int next_fd_ = 3;
};

}  // namespace pailfs::test
