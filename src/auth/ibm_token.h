// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "credential_context.h"

namespace pailfs::auth {

/// The bearer token that IBM's IAM gives for an API key (`key.secret_key`), as s3fs asks for it
/// with ibm_iam_auth. The service instance (`key.access_key`, may be empty) is not sent: the
/// service wants its name only from clients that make or list buckets. ENOKEY, or EINVAL when
/// ibm_iam_endpoint cannot be asked; no error shows the key. Source: "Create an IAM access token
/// for a user or service ID using an API key", IAM Identity Services API of IBM Cloud.
Result<Credentials> fetch_ibm_token(const CredentialContext& world, const Credentials& key);

}  // namespace pailfs::auth
