// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs list`: the mounts of this machine that the user may know of, on stdout.
int run_list(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
