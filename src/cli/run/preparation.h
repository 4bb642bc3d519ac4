// SPDX-License-Identifier: Apache-2.0
// Everything about a command line that can be settled, or refused, without the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "start_failure.h"

namespace pailfs::cli {

/// Does all of it, in order: absolute paths, mount namespace and user, defaults from the machine,
/// protection of the memory, warnings, and refusals. Returns the exit status when the command line
/// was refused, after a message. To be called while the process has one thread.
std::optional<int> prepare(CommandLine& line);

/// Fills in defaults from the machine and its user: home directory, the region of a profile, the
/// owner of objects that name none, the limit of memory.
void settle_by_machine(Options& options);

/// Refuses a malformed URL, an invalid bucket name, directories and files that cannot be used, and
/// reads the files that options name. `warnings` are added to.
std::optional<StartFailure> check_without_network(Options& options,
                                                  std::vector<std::string>& warnings);

}  // namespace pailfs::cli
