// SPDX-License-Identifier: Apache-2.0
// A mount that takes the place of another one on its directory, with what programs have open going
// on in the old one: how a living mount comes to show another path of the bucket.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/runtime.h"
#include "pailfs/util/result.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// The prefix that `list`, a value of -o, asks for; nothing when prefix= is not in it.
std::optional<std::string> prefix_in(const std::string& list);

/// The command line of a mount like that of `record`, `entry` in the mount table, with the changes
/// in `list`. EINVAL where that cannot be told from here: secrets among the options, of which only
/// stars are left and which `list` does not have. Pure.
Result<std::vector<std::string>> successor_line(const mount::MountRecord& record,
                                                const mount::MountEntry& entry,
                                                const std::string& list);

/// Stores everything that is written in the mount of `record`, begins the other mount, and takes
/// the old one off when the bucket has answered the new one. Returns the status to exit with, after
/// messages; with a failure before that moment nothing has changed.
int begin_successor(const mount::MountRecord& record, const std::string& list,
                    const Environment& environment);

}  // namespace pailfs::cli
