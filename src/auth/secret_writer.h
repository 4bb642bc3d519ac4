// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::auth {

/// Replaces the file, which exists, by one with these bytes, at once: a reader sees the old one or
/// the new one. A link stays, what it leads to is replaced. Mode 0600, owner and group as before,
/// also when root does it for a user. On an error the old file is untouched.
Status replace_secret_file(const std::string& path, const Secret& content);

}  // namespace pailfs::auth
