// SPDX-License-Identifier: Apache-2.0
// Profiles that "aws login" has made (login_session): keys for a quarter of an hour, renewed with a
// refresh token and a proof of possession. Sources: "Login credential provider" in the AWS SDKs and
// Tools reference; CreateOAuth2Token in the AWS Sign-In API reference; RFC 9449 (DPoP).
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "aws_endpoint.h"
#include "credential_context.h"
#include "private_key.h"

namespace pailfs::auth {

/// The settings by which a profile signs in.
struct LoginProfile {
  std::string profile;  ///< its name, for the command that a message gives
  std::string session;  ///< login_session
};

/// The file in which the AWS CLI keeps the sign-in: SHA256.json, of the session's name, in
/// AWS_LOGIN_CACHE_DIRECTORY, else in ~/.aws/login/cache below $HOME, else in the home directory.
std::string login_token_file(const CredentialConfig& config, const LoginProfile& login);

/// The keys in the file while they last for more than five minutes, else new ones, which are
/// written back for other programs. `region` is that of the profile, if it has one. ENOKEY: there
/// is no sign-in, or it is over, and the error names the command that makes one. No error shows a
/// token.
Result<Credentials> fetch_login_keys(const CredentialContext& world, const LoginProfile& login,
                                     const std::string& region, const EndpointSettings& endpoints);

/// The DPoP header of a POST to `url`: a web token that `key` (P-256) has signed. `id` is used
/// once.
Result<Secret> proof_of_possession(const PrivateKey& key, const std::string& url,
                                   const std::string& id, WallTime now);

}  // namespace pailfs::auth
