// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pailfs/s3/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::s3 {

/// Section `[profile]` of a file in the form of ~/.aws/credentials (AWS CLI user guide,
/// "Configuration and credential file settings"): aws_access_key_id, aws_secret_access_key and
/// aws_session_token. ENOENT: no such section; EINVAL: the section lacks a key, or names a way to
/// get one that is not supported here. Pure.
Result<Credentials> parse_profile(std::string_view text, std::string_view profile,
                                  const std::string& path);

}  // namespace pailfs::s3
