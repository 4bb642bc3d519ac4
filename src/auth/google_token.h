// SPDX-License-Identifier: Apache-2.0
// OAuth 2.0 access tokens of Google, by which its XML API of Cloud Storage knows who asks. Sources:
// "Using OAuth 2.0 for Server to Server Applications" and "Using OAuth 2.0 to Access Google APIs"
// in Google Identity; "How Application Default Credentials works" and "About VM metadata" in Google
// Cloud.
#pragma once

#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "credential_context.h"

namespace pailfs::auth {

/// True for a text that begins like the files of Google's programs: JSON, which no password file
/// is.
bool looks_like_google(std::string_view text);

/// The token for the account in `document`, the content of `path`: of a service account, by a web
/// token that its key has signed; of a user (authorized_user), by its refresh token. It is asked
/// for at the document's token_uri. EINVAL when the document is neither, or the configuration
/// forbids Google's tokens, ENOTSUP for other kinds of accounts, else ENOKEY. No error shows a
/// secret.
Result<Credentials> fetch_google_token(const CredentialContext& world, const Secret& document,
                                       const std::string& path);

/// The token of the service account that this machine of Google's has (GCE, GKE, Cloud Run), from
/// its metadata server: GCE_METADATA_HOST, else 169.254.169.254. Asked once, for half a second:
/// most machines have none. ENOKEY.
Result<Credentials> fetch_gce_token(const CredentialContext& world);

/// The file that "gcloud auth application-default login" writes: in CLOUDSDK_CONFIG, else in
/// ~/.config/gcloud.
std::string google_default_file(const CredentialConfig& config);

}  // namespace pailfs::auth
