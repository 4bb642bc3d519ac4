// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "pailfs/report/control.h"

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs refresh PATH...`
int run_refresh(const Command& command, const Environment& environment);

/// Reads the answer to the request of a refresh: the remark of the mount's process, mostly an empty
/// one. Waits for `patience` until the process has forgotten what it knew, and as long again while
/// it asks the service about the path: a silent service is a remark, a silent process ETIMEDOUT.
Result<std::string> await_refresh(report::ControlClient& client, const std::string& typed,
                                  std::chrono::milliseconds patience);

}  // namespace pailfs::cli
