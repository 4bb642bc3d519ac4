// SPDX-License-Identifier: Apache-2.0
// IAM Identity Center (SSO): the keys of a role for a sign-in that the AWS CLI has made ("aws sso
// login"). Sources: "IAM Identity Center credential provider" in the AWS SDKs and Tools reference;
// GetRoleCredentials in the IAM Identity Center Portal API reference; CreateToken in the OIDC API
// reference.
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "aws_endpoint.h"
#include "credential_context.h"

namespace pailfs::auth {

/// The settings by which a profile signs in.
struct SsoProfile {
  std::string profile;  ///< its name, for the command that a message gives
  std::string session;  ///< sso_session; empty in the legacy form
  std::string start_url;
  std::string region;
  std::string account;
  std::string role;
};

/// The file in which the AWS CLI keeps the sign-in: ~/.aws/sso/cache/SHA1.json, of the session's
/// name or in the legacy form of the start URL. Looked for below $HOME, then in the home directory.
std::string sso_token_file(const CredentialConfig& config, const SsoProfile& sso);

/// Reads the sign-in; in the form with a session it is renewed with its refresh token when it ends
/// within a quarter of an hour, and the file written anew, as the AWS CLI does. Then asks for the
/// role's keys. ENOKEY: there is no sign-in, or it is over, and the error names the command that
/// makes one; or a service refuses. No error shows a token.
Result<Credentials> fetch_sso_keys(const CredentialContext& world, const SsoProfile& sso,
                                   const EndpointSettings& endpoints);

}  // namespace pailfs::auth
