// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "key_service.h"

namespace pailfs::auth {

/// The credentials in the reply of a token service (RFC 6749 5.1): access_token, expires_in, or
/// IBM's expiration (seconds since 1970, by the service's clock); token_type, if it is there, must
/// be Bearer. Other members are ignored. `source` becomes Credentials::source and the subject of
/// errors, which are ENOKEY and show no value. Pure.
Result<Credentials> token_in(const KeyReply& reply, const std::string& source, const Clock& clock);

}  // namespace pailfs::auth
