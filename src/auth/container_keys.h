// SPDX-License-Identifier: Apache-2.0
// Keys of a container: ECS tasks, EKS pod identity, Greengrass. Source: "Container credential
// provider" in the AWS SDKs and Tools reference.
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "credential_context.h"

namespace pailfs::auth {

struct ContainerEndpoint {
  std::string url;
  bool local = true;  ///< plain http
};

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI on 169.254.170.2, else
/// AWS_CONTAINER_CREDENTIALS_FULL_URI: https anywhere; http on loopback, 169.254.170.2 (ECS),
/// 169.254.170.23 and [fd00:ec2::23] (EKS) only, because the answer is keys. ENOKEY when neither is
/// set, EINVAL for an address that is not allowed.
Result<ContainerEndpoint> container_endpoint(const CredentialContext& world);

/// Asks the endpoint, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, which is read each time, or
/// AWS_CONTAINER_AUTHORIZATION_TOKEN. A request that gets no answer within a second is sent twice
/// in all.
Result<Credentials> fetch_container_keys(const CredentialContext& world);

}  // namespace pailfs::auth
