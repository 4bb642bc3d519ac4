// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/result.h"

namespace pailfs::mount {

/// Makes the kernel's mount on `path` read-only or writable; its other flags stay. EBUSY while
/// files are open for writing, EPERM for all users but root. Asks the file system for its statfs.
Status set_read_only(const std::string& path, bool read_only);

}  // namespace pailfs::mount
