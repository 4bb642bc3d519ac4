// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"
#include "pailfs/util/url.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string set_profile(Options& options, std::string_view value) {
  options.credentials.profile = std::string(value);
  options.credentials.profile_given = true;
  return {};
}

std::string set_role(Options& options, std::string_view value) {
  // IAM allows letters, digits and these in a name, which goes into a URL.
  constexpr std::string_view kMarks = "_+=,.@-";
  for (const char c : value) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      kMarks.find(c) != std::string_view::npos;
    if (!fits) return "option iam_role: \"" + printable(value) + "\" is not the name of a role";
  }
  options.credentials.iam_role = value.empty() ? "auto" : std::string(value);
  return {};
}

std::string set_ibm_endpoint(Options& options, std::string_view value) {
  const auto url = parse_url(std::string(value));
  if (!url) return "option ibm_iam_endpoint: " + url.error().text;
  if (url->scheme == "http" && !is_loopback(*url)) {
    return "option ibm_iam_endpoint: the API key would be sent to " + url->text() +
           " for all to read; use https";
  }
  options.credentials.ibm_iam_endpoint = url->text();
  return {};
}

std::string show_ibm_endpoint(const Options& options) {
  return options.credentials.ibm_iam_endpoint;
}

}  // namespace

void add_credential_options(std::vector<OptionSpec>& table) {
  const Group group = Group::credentials;
  table.insert(
      table.end(),
      {
          {"passwd_file", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.credentials.passwd_file; }},
           "File with ACCESS_KEY:SECRET_KEY or BUCKET:ACCESS_KEY:SECRET_KEY lines. No other user "
           "may have a right to it (mode 600). Or a directory with the files AccessKeyId, "
           "AccessKeySecret, SecurityToken and Expiration, the JSON file of a service account of "
           "Google's, or /dev/fd/N."},
          {"profile", "NAME", group,
           Custom{set_profile, [](const Options& o) { return o.credentials.profile; }},
           "Profile of ~/.aws/credentials and ~/.aws/config, with all that it can say: keys, SSO, "
           "credential_process, role_arn. Without it AWS_PROFILE, else default."},
          {"public_bucket", "[0|1]", group,
           Flag{[](Options& o) -> bool& { return o.credentials.public_bucket; }},
           "1: do not sign requests. Objects are then never copied on the server."},
          {"use_session_token", "", group,
           Flag{[](Options& o) -> bool& { return o.credentials.use_session_token; }},
           "Refuse keys without a session token, be they in the environment, in a profile or in a "
           "directory of keys."},
          {"iam_role", "[auto|NAME]", group,
           Custom{set_role, [](const Options& o) { return o.credentials.iam_role.value_or(""); },
                  "auto"},
           "Take the credentials of the role of this EC2 instance. No other place is looked at "
           "then. "
           "auto: whichever role the instance has."},
          {"ecs", "", group, Flag{[](Options& o) -> bool& { return o.credentials.ecs; }},
           "Take the credentials of the container (ECS, EKS pod identity), from the address in "
           "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. No other place is looked at "
           "then."},
          {"imdsv1only", "", group,
           Flag{[](Options& o) -> bool& { return o.credentials.imdsv1only; }},
           "Ask the instance metadata service without a session token, as its "
           "version 1 "
           "wants it."},
          {"ibm_iam_auth", "", group,
           Flag{[](Options& o) -> bool& { return o.credentials.ibm_iam_auth; }},
           "The password file holds SERVICE_INSTANCE_ID:API_KEY of IBM's cloud, or :API_KEY. "
           "Requests carry the token that IBM's IAM gives for the key."},
          {"ibm_iam_endpoint", "URL", group, Custom{set_ibm_endpoint, show_ibm_endpoint},
           "Address of IBM's IAM, for ibm_iam_auth: https, or http on this machine."},
      });
}

}  // namespace pailfs::cli
