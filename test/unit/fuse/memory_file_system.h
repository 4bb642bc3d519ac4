// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/sync.h"

namespace pailfs::test {

/// A file system in memory that keeps the contract of fs::FileSystem to the letter and can be asked
/// what the other side holds. Any thread may call it.
class MemoryFileSystem final : public fs::FileSystem {
 public:
  void set_read_only(bool /*read_only*/) override {}
  void change(const fs::LiveSettings& /*settings*/) override {}
  MemoryFileSystem();

  // What a test wants to know or to change.
  std::uint64_t lookups(fs::InodeId ino) EXCLUDES(mutex_);
  std::size_t open_handles() EXCLUDES(mutex_);
  /// Called at the start of lookup, create, open, opendir and readdir, outside the lock.
  std::function<void()> before;
  /// The same for sync_all.
  std::function<void()> before_sync;
  /// What activity() tells as not stored; set it before others can ask.
  std::vector<fs::UnstoredFile> unstored;
  /// The next verb that can fail gives this.
  void fail_next(Error error) EXCLUDES(mutex_);
  /// Entries of readdir carry attributes when asked for; otherwise as if a request were needed.
  std::atomic<bool> attributes_known{true};
  std::atomic<int> syncs{0};
  std::atomic<int> sync_errno{0};
  std::atomic<int> last_open_flags{0};
  std::atomic<int> flushes{0};
  std::atomic<bool> supports_xattr{true};
  /// The verdict on each attempt to take a lock, on any thread; set it before others can ask.
  /// Without it locks are the kernel's.
  using OnLock = std::function<Status(const fs::Lock& wanted)>;
  OnLock on_lock;

  Result<fs::Attr> lookup(fs::InodeId parent, std::string_view name) override;
  void forget(fs::InodeId ino, std::uint64_t count) override;
  using FileSystem::getattr;
  Result<fs::Attr> getattr(fs::InodeId ino, const AtEnd& at_end) override;
  Result<fs::Attr> setattr(fs::InodeId ino, const fs::SetAttr& change) override;
  Result<std::string> readlink(fs::InodeId ino) override;
  Result<fs::Attr> mknod(fs::InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                         const fs::Caller& caller) override;
  Result<fs::Attr> mkdir(fs::InodeId parent, std::string_view name, mode_t mode,
                         const fs::Caller& caller) override;
  Result<fs::Attr> symlink(std::string_view target, fs::InodeId parent, std::string_view name,
                           const fs::Caller& caller) override;
  Status unlink(fs::InodeId parent, std::string_view name) override;
  Status rmdir(fs::InodeId parent, std::string_view name) override;
  Status rename(fs::InodeId parent, std::string_view name, fs::InodeId new_parent,
                std::string_view new_name, bool no_replace) override;
  Result<fs::OpenResult> open(fs::InodeId ino, int flags, const fs::Caller& caller) override;
  Result<fs::CreateResult> create(fs::InodeId parent, std::string_view name, mode_t mode, int flags,
                                  const fs::Caller& caller) override;
  Result<fs::ReadBytes> read(fs::HandleId handle, std::uint64_t offset, std::size_t size) override;
  Result<std::size_t> write(fs::HandleId handle, std::uint64_t offset, std::span<const char> bytes,
                            fs::WriteOrigin origin) override;
  Status flush(fs::HandleId handle, const AnotherClose& another_close_comes) override;
  Status fsync(fs::HandleId handle) override;
  void release(fs::HandleId handle) override;
  Result<fs::HandleId> opendir(fs::InodeId ino) override;
  Status readdir(fs::HandleId handle, std::uint64_t offset, bool with_attributes,
                 const std::function<bool(const fs::DirEntry&)>& visit) override;
  void releasedir(fs::HandleId handle) override;
  Status allocate(fs::HandleId handle, const fs::Allocation& what,
                  const fs::Caller& caller) override;
  fs::StatFs statfs() override;
  Result<std::string> getxattr(fs::InodeId ino, std::string_view name) override;
  Result<std::vector<std::string>> listxattr(fs::InodeId ino) override;
  Status setxattr(fs::InodeId ino, std::string_view name, std::string_view value,
                  fs::XattrMode mode, const fs::Caller& caller) override;
  Status removexattr(fs::InodeId ino, std::string_view name) override;
  Result<fs::Refreshed> refresh(std::string_view path, const Forgets& forgets) override;
  Result<fs::Refreshed> refresh(fs::InodeId ino, const Forgets& forgets) override;
  Result<bool> is_there(std::string_view /*path*/) override { return true; }
  [[nodiscard]] bool keeps_locks() const override { return on_lock != nullptr; }
  using FileSystem::lock;
  Status lock(fs::HandleId /*handle*/, const fs::Lock& wanted, const LockCalls& calls) override {
    const Status taken = on_lock ? on_lock(wanted) : Status(Error(ENOSYS, "no locks"));
    if (!taken || !calls.still_wanted || calls.still_wanted()) return taken;
    return Error(EINTR, "not wanted any more");
  }
  Status unlock(fs::HandleId /*handle*/, const fs::Lock& /*wanted*/) override { return {}; }
  Status sync_all() override;
  fs::Activity activity() override;

 private:
  struct Node {
    fs::Attr attr;
    std::string bytes;  // content or link target
    std::map<std::string, fs::InodeId, std::less<>> children;
    std::map<std::string, std::string, std::less<>> xattrs;
    std::uint64_t lookups = 0;
  };

  Result<Node*> node(fs::InodeId ino) REQUIRES(mutex_);
  Result<Node*> of_handle(fs::HandleId handle) REQUIRES(mutex_);
  Result<Node*> add(fs::InodeId parent, std::string_view name, mode_t mode,
                    const fs::Caller& caller) REQUIRES(mutex_);
  Status take_failure() REQUIRES(mutex_);
  void run_before();
  static void resize(Node& node, std::uint64_t size);

  Mutex mutex_;
  std::map<fs::InodeId, Node> nodes_ GUARDED_BY(mutex_);
  std::map<fs::HandleId, fs::InodeId> handles_ GUARDED_BY(mutex_);
  fs::InodeId next_inode_ GUARDED_BY(mutex_) = fs::kRootInode + 1;
  fs::HandleId next_handle_ GUARDED_BY(mutex_) = 100;
  Error failure_ GUARDED_BY(mutex_);
  bool fails_ GUARDED_BY(mutex_) = false;
};

}  // namespace pailfs::test
