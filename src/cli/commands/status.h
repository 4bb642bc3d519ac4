// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs status`: the report of a mount of the user, or of each of them, on stdout.
int run_status(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
