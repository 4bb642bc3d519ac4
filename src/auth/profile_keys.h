// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "credential_context.h"
#include "credentials_profile.h"

namespace pailfs::auth {

/// A profile of the shared files: ~/.aws/credentials (AWS_SHARED_CREDENTIALS_FILE) and
/// ~/.aws/config (AWS_CONFIG_FILE), home being that of the password database, as in s3fs.
struct ProfileName {
  std::string profile;
  bool with_config = true;  ///< false: only the file that s3fs reads
};

/// The profile that is meant: that of the option, of AWS_PROFILE, or "default".
ProfileName profile_name(const CredentialConfig& config, bool with_config);

/// The files that it is read from, whether they exist or not.
std::vector<std::string> profile_files(const CredentialConfig& config, const ProfileName& name);
/// Reads the files and plans. ENOENT when there are none, or no such profile in them.
Result<ProfilePlan> read_profile(const CredentialContext& world, const ProfileName& name);
/// Carries a plan out: runs the program, asks the services. ENOKEY when one of them fails.
Result<Credentials> fetch_profile_keys(const CredentialContext& world, const ProfilePlan& plan);

/// The words of a profile, if there is one, about where STS is asked.
struct StsPlace {
  std::string region = {};
  EndpointSettings endpoints = {};
};
/// The keys of `role`, for the token in `file`, which is read each time: it expires too.
Result<Credentials> fetch_web_identity_keys(const CredentialContext& world, const RoleRequest& role,
                                            const std::string& file, const StsPlace& place);
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, each also under its old name.
/// ENOKEY: neither key is set; EINVAL: one without the other.
Result<Credentials> environment_keys(const CredentialContext& world);
/// The keys of the EC2 instance; settings from the configuration. With Reason::guess the answer
/// must come within half a second: most machines have no such service, and a user waits for the
/// mount.
enum class Reason { told_to, guess };
Result<Credentials> fetch_instance_keys(const CredentialContext& world, Reason reason);

}  // namespace pailfs::auth
