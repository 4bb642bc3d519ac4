// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <unordered_map>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/util/sync.h"

namespace pailfs::fuse {

/// Which open files the kernel reads from a local file by itself (FUSE_PASSTHROUGH: Linux 6.9,
/// libfuse 3.17, root). The kernel's rules: all open files of one inode do, by one and the same
/// backing file, or none does; an open that breaks them fails with EIO. Any thread.
class Passthrough final {
 public:
  /// The kernel's number for a backing file, 0 if it refuses one.
  using Begin = std::function<int()>;
  using End = std::function<void(int backing)>;

  explicit Passthrough(bool possible = false) : possible_(possible) {}

  /// At FUSE_INIT: asks for it where that can be.
  void negotiate(fuse_conn_info& connection);

  /// An open of `ino` is about to be answered; `begin` is called if this one may make it the first
  /// that is passed through, and is empty when there is no local file. What the answer says: a
  /// backing file, or 0. To be paired with `released` or `unanswered`.
  int opened(fuse_ino_t ino, const Begin& begin) EXCLUDES(mutex_);
  /// `end` is called with each backing file that nobody uses any more.
  void released(fuse_ino_t ino, const End& end) EXCLUDES(mutex_);
  /// The kernel did not take the answer to an open; what that leaves unused ends with the next
  /// release, for there is no request any more through which it could.
  void unanswered(fuse_ino_t ino) EXCLUDES(mutex_);

 private:
  struct Inode {
    int backing = 0;
    unsigned open = 0;
  };

  int leave(fuse_ino_t ino) REQUIRES(mutex_);

  std::atomic<bool> possible_ = false;  // until the kernel refuses a file
  Mutex mutex_;
  std::unordered_map<fuse_ino_t, Inode> inodes_ GUARDED_BY(mutex_);
  std::vector<int> unused_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fuse
