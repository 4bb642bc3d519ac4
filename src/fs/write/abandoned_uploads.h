// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

namespace pailfs::fs {

/// Multipart uploads that were begun and will never be completed. Often their file is already gone,
/// so the uploads are noted here and aborted on a thread of the transfers' pool: a system call does
/// not wait for the abort of another file's upload. Any thread.
class AbandonedUploads final {
 public:
  explicit AbandonedUploads(store::ObjectStore& store) : store_(store) {}
  void add(store::Key key, store::UploadId id) EXCLUDES(mutex_);
  /// Lets `pool`, which ends before this object, abort the noted uploads; waits for nothing.
  void sweep_on(WorkerPool& pool) EXCLUDES(mutex_);
  /// Aborts the noted uploads on this thread: for a task of the pool, and for the unmount.
  void sweep() EXCLUDES(mutex_);

 private:
  store::ObjectStore& store_;
  Mutex mutex_;
  std::vector<std::pair<store::Key, store::UploadId>> noted_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
