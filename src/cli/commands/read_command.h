// SPDX-License-Identifier: Apache-2.0
// Commands share the command line with `pailfs BUCKET MOUNTPOINT`, and a bucket may be called like
// one of them: read_command() alone decides which is meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "machine_facts.h"

namespace pailfs::cli {

/// The command that `argv` means, or nothing when it means a mount. It is a command only if its
/// first word is exactly the name of one (command_table.h) and the rest of the line, by the
/// command's About,
///
///   nothing      is nothing, or only switches of the command
///   one mount    is nothing, or has a switch of the command, or is one word
///   mounts       the same
///   paths        is nothing, or words without an option
///   a bucket     is one word (with options of a mount) that is no directory and has no '/' in
///                front; or has a switch of the command
///   a topic      is nothing, or one word that is no directory and has no '/' in front
///
/// or asks for help, or has a switch that neither the command nor a mount knows. A first word that
/// is nearly a command makes an error of a line that cannot be a mount (mistyped.h).
///
/// "umount DIRECTORY" is the command even where nothing is mounted: given a second time, it must
/// not mount a bucket called "umount". A mount of such a bucket needs an option. Pure, but for
/// `machine`.
std::optional<Command> read_command(const std::vector<std::string>& argv,
                                    const MachineFacts& machine);

}  // namespace pailfs::cli
