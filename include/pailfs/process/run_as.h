// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/result.h"

namespace pailfs::process {

/// Makes this process that user's, for good: ids, groups, HOME and the like, as if the user had
/// started it (run_as=, which mount.fuse(8) calls setuid=). Only root can become another user; a
/// process that already is that user stays as it is. Call it before any thread exists.
Status become_user(const std::string& name);

}  // namespace pailfs::process
