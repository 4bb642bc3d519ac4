// SPDX-License-Identifier: Apache-2.0
// Words that only ossfs has, an s3fs for Alibaba's OSS that CSI drivers start; words with a meaning
// as in s3fs stand in the other tables. Source: ossfs 1.91's ChangeLog.
#include "tables.h"

namespace pailfs::cli {

void add_ossfs_options(std::vector<OptionSpec>& table) {
  const Group group = Group::accepted;
  constexpr std::string_view kNoRole =
      "keys cannot be had from Alibaba's role and identity services. Have temporary keys put into "
      "a "
      "directory (AccessKeyId, AccessKeySecret, SecurityToken, Expiration) and give it as "
      "passwd_file with use_session_token, as the CSI driver does with secretRef";
  table.insert(
      table.end(),
      {
          {"sigv1", "", group,
           Warned{
               "it is OSS's own signature; requests are signed with S3's, which OSS accepts where "
               "its S3 compatibility is enabled"},
           "Accepted without effect: the signature of OSS's own protocol."},
          {"ram_role", "[URL]", group, Refused{kNoRole},
           "Not available: credentials of Alibaba's roles.",
           "rrsa_endpoint rrsa_role_arn rrsa_oidc_provider_arn rrsa_role_session_name "
           "rrsa_token_file assume_role_arn assume_role_external_id"},
          {kAgentIdentity, "[VALUE]", group, Refused{kNoRole},
           "Not available: credentials of Alibaba's agent identities (agent_identity_...)."},
          {"secret_store_dir", "[DIR]", group,
           Refused{"give the directory as passwd_file instead, with the files AccessKeyId, "
                   "AccessKeySecret and, for temporary keys, SecurityToken and Expiration"},
           "Not available under this name: a directory of keys is passwd_file."},
          {"auto_create_bucket", "", group, Warned{"a bucket is never made by mounting it"},
           "Accepted without effect: make the bucket before.", "agentic_bucket"},
      });
}

}  // namespace pailfs::cli
