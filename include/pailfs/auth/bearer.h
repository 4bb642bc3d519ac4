// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"

namespace pailfs::auth {

/// Adds "Authorization: Bearer TOKEN" (RFC 6750 2.1), replacing that of an earlier attempt. The
/// token alone proves who sends the request: the caller sends it by TLS, or to this machine.
void bear_token(http::Request& request, const Credentials& credentials);

}  // namespace pailfs::auth
