// SPDX-License-Identifier: Apache-2.0
#include "abandoned_uploads.h"

#include "pailfs/util/log.h"

namespace pailfs::fs {

void AbandonedUploads::add(store::Key key, store::UploadId id) {
  MutexLock lock(mutex_);
  noted_.emplace_back(std::move(key), std::move(id));
}

void AbandonedUploads::sweep_on(WorkerPool& pool) {
  {
    MutexLock lock(mutex_);
    if (noted_.empty()) return;
  }
  pool.submit([this] { sweep(); });
}

void AbandonedUploads::sweep() {
  std::vector<std::pair<store::Key, store::UploadId>> uploads;
  {
    MutexLock lock(mutex_);
    uploads.swap(noted_);
  }
  for (const auto& [key, id] : uploads) {
    const Status aborted = store_.abort_upload(key, id);
    if (!aborted) log_warning("unfinished upload left behind: " + aborted.error().text);
  }
}

}  // namespace pailfs::fs
