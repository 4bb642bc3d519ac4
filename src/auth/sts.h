// SPDX-License-Identifier: Apache-2.0
// The Security Token Service: exchanges one proof of identity for temporary keys of a role.
// Source: AssumeRole and AssumeRoleWithWebIdentity in the AWS STS API reference.
#pragma once

#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "aws_endpoint.h"
#include "credential_context.h"

namespace pailfs::auth {

struct RoleRequest {
  std::string arn;
  std::string session_name;  ///< empty: "pailfs"
  std::string external_id;
  std::string duration;  ///< seconds, empty: the service's default
};

/// The configured address (aws_endpoint.h), else that of the region or, if the profile wants it so,
/// the one for all regions: https, except on loopback, because the request carries a token and the
/// answer keys. `region` counts when neither AWS_REGION nor AWS_DEFAULT_REGION is set; then that of
/// the configuration. EINVAL names the fault.
struct StsEndpoint {
  std::string url;
  std::string region;
  bool local = false;
};
Result<StsEndpoint> sts_endpoint(const CredentialContext& world, const std::string& region,
                                 const EndpointSettings& profile = {});

/// One unsigned request; the token is the proof.
Result<Credentials> assume_with_token(const CredentialContext& world, const StsEndpoint& endpoint,
                                      const RoleRequest& role, const Secret& token);
/// One request signed with `keys`.
Result<Credentials> assume_with_keys(const CredentialContext& world, const StsEndpoint& endpoint,
                                     const RoleRequest& role, const Credentials& keys);

/// Reads the reply of `action`, whose keys are those of `source`. ENOKEY. Pure.
Result<Credentials> parse_sts_reply(std::string_view document, std::string_view action,
                                    const std::string& source);

}  // namespace pailfs::auth
