// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs check`: the steps of a mount one by one, see check_service(), on stdout. Returns
/// the status that the mount would exit with.
int run_check(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
