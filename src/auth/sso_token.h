// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::auth {

/// A sign-in to IAM Identity Center, as the AWS CLI keeps it.
struct SsoToken {
  Secret access_token;
  WallTime expires{};
  // By these it is renewed; the legacy form has none.
  Secret refresh_token;
  std::string client_id;
  Secret client_secret;
  std::optional<WallTime> registration_expires = {};

  /// Whether the service can be asked for the next one.
  [[nodiscard]] bool renewable(WallTime now) const;
};

/// EINVAL when the document cannot be a sign-in; the error shows no byte of it. Pure.
Result<SsoToken> parse_sso_token(std::string_view document);
/// The document for `token`, with the start URL and region that the AWS CLI finds it by. Pure.
Secret write_sso_token(const SsoToken& token, const std::string& start_url,
                       const std::string& region);

}  // namespace pailfs::auth
