// SPDX-License-Identifier: Apache-2.0
// What else the process that closes a descriptor has open. Nothing here sends the kernel a request
// that we would have to serve ourselves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace pailfs::mount {

/// st_dev of whatever is mounted at `path`, from what the kernel has in memory.
std::optional<dev_t> device_at(const std::string& path);

/// Whether process `pid` has a descriptor, open for writing, of the file `ino` on `device`. At a
/// FUSE flush the one being closed is out of the table already, so that it does not count. False
/// also when that cannot be found out: the process belongs to somebody else, lives in another
/// namespace (`pid` 0), is ending, or has more descriptors than are worth a look.
bool has_open_for_writing(pid_t pid, dev_t device, std::uint64_t ino);

}  // namespace pailfs::mount
