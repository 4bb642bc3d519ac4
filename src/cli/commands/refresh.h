// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/control.h"

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs refresh PATH...`
int run_refresh(const Command& command, const Environment& environment);

/// A path in a mount: the mountpoint, and the path from there on, "" for the mountpoint itself.
struct PlaceInMount {
  std::string mountpoint;
  std::string path;
};
/// The place of an absolute path, in the innermost of these mounts; nothing when it is in none.
std::optional<PlaceInMount> place_in(const std::vector<mount::MountRecord>& mounts,
                                     const std::string& path);

/// Reads the answer to the request of a refresh: the remark of the mount's process, mostly an empty
/// one. Waits for `patience` until the process has forgotten what it knew, and as long again while
/// it asks the service about the path: a silent service is a remark, a silent process ETIMEDOUT.
Result<std::string> await_refresh(report::ControlClient& client, const std::string& typed,
                                  std::chrono::milliseconds patience);

}  // namespace pailfs::cli
