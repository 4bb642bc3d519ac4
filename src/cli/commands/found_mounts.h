// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "pailfs/mount/runtime.h"

namespace pailfs::cli {

/// The mounts of this machine that this user may see, by mountpoint. Those whose descriptor another
/// program has mounted are looked for first: in each FUSE mount of the mount table that has no
/// record a name is looked up, and their processes are asked whether they have heard it
/// (fuse/greetings.h). A directory that does not answer costs a second; where all mounts are known
/// nothing is looked up. One of those that is not seen from here has no place
/// (MountRecord::is_placeless).
std::vector<mount::MountRecord> find_mounts();

/// The mountpoint, or what a person is told of a mount that has none.
std::string name_of(const mount::MountRecord& record);

}  // namespace pailfs::cli
