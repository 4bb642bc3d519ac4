// SPDX-License-Identifier: Apache-2.0
// Never built: clang must refuse the write to a guarded field without its lock.
#include "pailfs/util/sync.h"

class Content {
 public:
  void grow() { ++bytes_; }  // the fault

 private:
  pailfs::Mutex mutex_;
  long bytes_ GUARDED_BY(mutex_) = 0;
};

void use(Content& content) {
  content.grow();
}
