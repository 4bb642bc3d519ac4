// SPDX-License-Identifier: Apache-2.0
// Commands share the command line with `pailfs BUCKET MOUNTPOINT`, and a bucket may be called like
// one of them: read_command() alone decides which is meant.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace pailfs::cli {

/// Facts about the machine that the rule needs.
struct MachineFacts {
  std::function<bool(const std::string& path)> is_mount;      ///< a mount of pailfs is there now
  std::function<bool(const std::string& path)> is_directory;  ///< there is a directory
};

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
///
/// "umount DIRECTORY" is the command even where nothing is mounted: given a second time, it must
/// not mount a bucket called "umount". A mount of such a bucket needs an option. Pure, but for
/// `machine`.
std::optional<Command> read_command(const std::vector<std::string>& argv,
                                    const MachineFacts& machine);

/// The machine as it is.
MachineFacts this_machine();

}  // namespace pailfs::cli
