// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "pailfs/fs/file_system.h"
#include "pailfs/mount/mount.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

struct fuse_session;

namespace pailfs::fuse {

/// How long the kernel may believe an answer, in seconds: the options attr_timeout, entry_timeout
/// and negative_timeout. Any thread may read and change them; what the kernel was told before
/// stays.
struct KernelTimes {
  explicit KernelTimes(const mount::Config& config)
      : attributes(config.attribute_seconds),
        entries(config.entry_seconds),
        absences(config.negative_seconds) {}
  std::atomic<double> attributes;
  std::atomic<double> entries;
  std::atomic<double> absences;
};

/// Makes the kernel forget what it was told, for `pailfs refresh` and its like.
///
/// Only attributes are taken from it (FUSE_NOTIFY_INVAL_INODE without pages): that takes no lock
/// which a request under way may hold, so it never waits, whichever thread does it. It is enough
/// for a name that leads to an inode: the kernel asks for the attributes before it uses the name,
/// and hears then that the file is gone or another; of a version with another time or size it drops
/// the pages, and those of other versions an open does not keep. It is not enough for names that
/// were told absent, and for files that are open and were replaced. The kernel can be told of those
/// too (FUSE_NOTIFY_INVAL_ENTRY), but waits there for the lock of the directory, which a lookup
/// holds for as long as the store takes to answer it; a daemon that is killed meanwhile leaves a
/// mount which nothing can end. So these are waited out: by default the kernel believes a name for
/// a second, and absent ones never.
///
/// Any thread may call any member, also while nothing is served.
class KernelCaches final {
 public:
  /// The longest wait for the kernel to ask again by itself.
  static constexpr std::chrono::seconds kMostWait{2};

  struct Refresh {
    std::size_t inodes = 0;  ///< that the kernel was told of
    /// For how long it may still believe older names; 0 in a mount with default timeouts.
    std::chrono::nanoseconds believes{};
  };
  /// fs::FileSystem::refresh, and the same in the kernel, afterwards. Takes up to kMostWait, for
  /// the reason above.
  Result<Refresh> refresh(fs::FileSystem& files, std::string_view path);
  /// The same for a request of the kernel, which is not waited for.
  Result<Refresh> refresh_at_once(fs::FileSystem& files, fs::InodeId ino);

  // For the adapter.
  void attach(fuse_session* session, KernelTimes& times) EXCLUDES(mutex_);
  void detach() EXCLUDES(mutex_);
  /// Changes the times of what is served; does nothing when nothing is.
  void change(const std::function<void(KernelTimes&)>& how) EXCLUDES(mutex_);
  /// Tells that the kernel was told of an absent name, which it believes for a while.
  void told_absent();

 private:
  using Time = std::chrono::steady_clock;

  void forget_attributes(fs::InodeId ino) EXCLUDES(mutex_);
  [[nodiscard]] std::chrono::nanoseconds believes(bool open_files) EXCLUDES(mutex_);

  Mutex mutex_;
  fuse_session* session_ GUARDED_BY(mutex_) = nullptr;
  KernelTimes* times_ GUARDED_BY(mutex_) = nullptr;
  std::atomic<Time::rep> told_absent_ = 0;
};

}  // namespace pailfs::fuse
