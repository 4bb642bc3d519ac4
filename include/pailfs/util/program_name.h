// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs {

/// The name that messages begin with: the name that the program was called by, so that a user who
/// typed or linked "s3fs" reads "s3fs: ...". "pailfs" when the program was called without a name.
/// Any thread.
std::string program_name();

/// The same for `called`, the program's own word on its command line: without directories, and
/// without the "mount." or "mount.fuse." under which mount(8) finds a helper.
std::string program_name(std::string_view called);

}  // namespace pailfs
