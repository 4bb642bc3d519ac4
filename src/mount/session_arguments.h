// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/mount/mount.h"

namespace pailfs::mount {

/// What libfuse is given as its command line: {"pailfs", "-o", option, "-o", option, ...}, commas
/// and backslashes within an option escaped. Always default_permissions, subtype and fsname (the
/// last of equal settings in `kernel_options` wins over the Config's). nosuid and nodev are what
/// libfuse and fusermount3 do unless dev or suid is asked for, which is passed on for `root` only.
/// Words that mount(8) knows but libfuse does not (relatime, defaults, ...) are dropped.
std::vector<std::string> session_arguments(const Config& config, bool root);

}  // namespace pailfs::mount
