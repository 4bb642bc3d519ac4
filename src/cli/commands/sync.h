// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs sync`: makes a mount store everything; progress and failures go to stderr.
int run_sync(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
