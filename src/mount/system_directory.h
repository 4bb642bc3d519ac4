// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pailfs::mount {

/// Pure. True for a directory that a machine does not run without: /usr and each directory in it,
/// /etc, /proc, /home and the like (hier(7)). /mnt, /media, /opt and /srv are not among them.
/// `path` is absolute and without symbolic links.
bool is_system_directory(std::string_view path);

}  // namespace pailfs::mount
