// SPDX-License-Identifier: Apache-2.0
// The setuid program by which a user mounts: fusermount3, or fusermount of FUSE 2, which speaks the
// same protocol and is the only one that images made for s3fs 1.90 have. Errors carry the words
// that the program wrote on its standard error.
#pragma once

#include <string>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// A path to fusermount3, else to fusermount: in PATH, /usr/bin, /bin and /usr/local/bin, because
/// PATH may be empty when the machine starts. "" when there is none.
std::string find_fusermount();

/// As exec wants its arguments, null at the end; they point into `words`.
std::vector<char*> pointers_to(std::vector<std::string>& words);

/// Runs `program` to mount on `path` with `options` (its -o), as its child protocol wants it: the
/// mounted /dev/fuse comes back through a socket whose number is in _FUSE_COMMFD.
Result<UniqueFd> mount_by_program(const std::string& program, const std::string& options,
                                  const std::string& path);

/// The command line that takes a mount off lazily: also one that is busy or dead.
std::vector<std::string> unmounting_command(const std::string& program, const std::string& path);

/// Runs it.
Status unmount_by_program(const std::string& program, const std::string& path);

/// Unmounts, but not lazily: an error while a process uses the mount.
Status unmount_unused_by_program(const std::string& program, const std::string& path);

}  // namespace pailfs::mount
