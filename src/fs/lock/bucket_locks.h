// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/fs/activity.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "file_lease.h"

namespace pailfs::fs {

/// The lease object of a file: below a name of the mount that it does not show, by a hash of the
/// path, so that every path has room.
[[nodiscard]] store::Key lease_key(const std::string& prefix, const std::string& path);
/// What the keys of all of them begin with, a slash at its end.
[[nodiscard]] std::string lease_directory(const std::string& prefix);

/// The locks of a mount with locks=bucket: its FileLeases by path, and a thread that renews them,
/// begun with the first. Mounts of the same prefix of a bucket exclude each other. Any thread may
/// call any member.
class BucketLocks final {
 public:
  /// `store`: the service itself, not a journal in front of it. All must outlive this.
  BucketLocks(store::ObjectStore& store, Clock& clock, Random& random, std::string prefix,
              std::chrono::milliseconds time);
  ~BucketLocks();
  BucketLocks(const BucketLocks&) = delete;
  BucketLocks& operator=(const BucketLocks&) = delete;

  std::shared_ptr<FileLease> of_file(const std::string& path) EXCLUDES(mutex_);
  /// Of a file that has no name any more.
  std::shared_ptr<FileLease> of_removed_file();
  /// At the end of the mount: gives all locks back.
  void give_all_back() EXCLUDES(mutex_);

  [[nodiscard]] LockCounts counts() EXCLUDES(mutex_);

 private:
  using LeasePtr = std::shared_ptr<FileLease>;
  void run() EXCLUDES(mutex_);
  void renew_due() EXCLUDES(mutex_);
  [[nodiscard]] std::vector<LeasePtr> all() EXCLUDES(mutex_);
  void drop_idle() REQUIRES(mutex_);

  Leaseholder holder_;
  const std::string prefix_;
  Mutex mutex_{lock_rank::kLeases};
  CondVar wake_;
  std::map<std::string, LeasePtr> leases_ GUARDED_BY(mutex_);  // by path
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);
  WorkerPool renewals_;  // ends first
};

}  // namespace pailfs::fs
