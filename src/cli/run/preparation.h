// SPDX-License-Identifier: Apache-2.0
// Everything about a command line that can be settled, or refused, without the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "refusal.h"

namespace pailfs::cli {

/// The whole of it, in order: absolute paths, mount namespace and user, what the machine adds, a
/// process that guards its memory, warnings, and what can be refused. Returns the exit status when
/// the command line was refused, after saying why. To be called while the process has one thread.
std::optional<int> prepare(CommandLine& line);

/// What the machine and its user add: home directory, the region of a profile, the owner of what
/// has none, the limit of memory where none was given.
void settle_by_machine(Options& options);

/// Refuses a URL that cannot be, a bucket name that no bucket has, directories and files that
/// cannot be used, and reads the files that options name. `warnings` are added to.
std::optional<Refusal> check_without_network(Options& options, std::vector<std::string>& warnings);

}  // namespace pailfs::cli
