// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// A path in a mount: the mountpoint, and the path from there on, "" for the mountpoint itself.
struct PlaceInMount {
  std::string mountpoint;
  std::string path;
};
/// The place of an absolute path, in the innermost of these mounts; nothing when it is in none.
std::optional<PlaceInMount> place_in(const std::vector<mount::MountRecord>& mounts,
                                     const std::string& path);

/// The place of a path as typed, in the mounts that this user may see; EINVAL when it is in none.
/// Where links of the path cannot be followed in so much time, it is taken as it is spelt.
Result<PlaceInMount> find_place(const std::string& typed, std::chrono::milliseconds patience);

}  // namespace pailfs::cli
