// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "pailfs/util/log.h"
#include "pailfs/util/sync.h"

namespace pailfs::log {

/// The one log of the process. A log must be reachable from everywhere, so it is the one global.
/// Any thread.
struct State {
  std::atomic<LogLevel> level{LogLevel::critical};
  std::atomic<unsigned> reopen_requests{0};
  Mutex mutex{LockRank{1100, "log"}};
  RecordSink sink GUARDED_BY(mutex);
  State();
};

State& state();

}  // namespace pailfs::log
