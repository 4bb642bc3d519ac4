// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs sync`: has a mount store everything; on stderr how far it is and what fails.
int run_sync(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
