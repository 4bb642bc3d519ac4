// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"

namespace pailfs::auth {

/// `path` ("/.aws/...") below HOME if a file is there, as Amazon's own programs have it, else below
/// the home directory of the password database, as s3fs has it.
std::string below_home(const CredentialConfig& config, const std::string& path);

}  // namespace pailfs::auth
