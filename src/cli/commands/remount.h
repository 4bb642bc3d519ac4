// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs remount MOUNTPOINT -o OPTION,...`
int run_remount(const Command& command, const Environment& environment);

/// The same for `mount -o remount,...`: `list` holds all options that mount(8) knows.
int remount(const std::string& mountpoint, const std::string& list, const Environment& environment);

}  // namespace pailfs::cli
