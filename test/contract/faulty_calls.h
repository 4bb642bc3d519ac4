// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pailfs/store/object_store.h"

namespace pailfs::test {

/// What one call under a fault came to.
struct CallOutcome {
  int err = 0;        ///< errno, 0 for success
  std::string wrong;  ///< what was false about it; empty: success was the truth, failure honest
};

/// One method of ObjectStore as a case of the fault contract: prepares what it needs through
/// `clean`, calls through `faulty` while `begin`/`end` put the faults on and take them off again,
/// then looks through `clean` whether what was claimed is true and nothing was damaged.
struct FaultyCall {
  const char* name;
  const char* operation;  ///< the server's name for it; "*" for those with several
  CallOutcome (*run)(store::ObjectStore& clean, store::ObjectStore& faulty,
                     const std::string& prefix, const std::function<void()>& begin,
                     const std::function<void()>& end);
};

const std::vector<FaultyCall>& faulty_calls();

}  // namespace pailfs::test
