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
/// libfuse 3.17, root). The kernel's rule: either all open files of one inode are passed through,
/// with the same backing file, or none; an open that breaks the rule fails with EIO. Any thread.
class Passthrough final {
 public:
  /// The kernel's number for a backing file, 0 if it refuses one.
  using Begin = std::function<int()>;
  using End = std::function<void(int backing)>;

  explicit Passthrough(bool possible = false) : possible_(possible) {}

  /// At FUSE_INIT: asks the kernel for FUSE_PASSTHROUGH if libfuse knows it.
  void negotiate(fuse_conn_info& connection);

  /// Tells that an open of `ino` is about to be answered, and returns the backing file for the
  /// answer, or 0. `begin` is called when no other handle of `ino` is open; it is empty when there
  /// is no local file. Each call is paired with one of `released` or `unanswered`.
  int opened(fuse_ino_t ino, const Begin& begin) EXCLUDES(mutex_);
  /// `end` is called with each backing file that no open file uses any more.
  void released(fuse_ino_t ino, const End& end) EXCLUDES(mutex_);
  /// Tells that the kernel did not take the answer to an open. A backing file that is then unused
  /// is ended by the next `released`, because this request cannot be used for it any more.
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
