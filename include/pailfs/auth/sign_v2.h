// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 2, for services that know no other.
// Source: "Signing and Authenticating REST Requests (Signature Version 2)", S3 API reference.
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/util/clock.h"

namespace pailfs::auth {

/// The text that is signed. `virtual_bucket` is the bucket when it stands in the host name, empty
/// when it stands in the path.
std::string string_to_sign_v2(const http::Request& request, const std::string& virtual_bucket);

/// Adds Date, x-amz-security-token (for a session) and Authorization, replacing those of an earlier
/// attempt. Without an access key nothing is added.
void sign_v2(http::Request& request, const Credentials& credentials, WallTime time,
             const std::string& virtual_bucket);

}  // namespace pailfs::auth
