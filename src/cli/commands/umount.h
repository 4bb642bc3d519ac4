// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs umount`: does as sync does, unmounts, and waits until the process has ended. The mount
/// stays when a file cannot be stored. A dead mount is removed.
int run_umount(const Command& command, const Environment& environment);

}  // namespace pailfs::cli
