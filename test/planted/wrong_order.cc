// SPDX-License-Identifier: Apache-2.0
// Never built: clang must refuse two locks that are taken in the order opposite to the declared
// one.
#include "pailfs/util/sync.h"

class Two {
 public:
  void take() {
    const pailfs::MutexLock first(inner_);
    const pailfs::MutexLock second(outer_);  // the fault
  }

 private:
  pailfs::Mutex outer_ ACQUIRED_BEFORE(inner_);
  pailfs::Mutex inner_;
};

void use(Two& two) {
  two.take();
}
