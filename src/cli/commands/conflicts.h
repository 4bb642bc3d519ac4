// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// See command_table.cc.
int run_conflicts(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
