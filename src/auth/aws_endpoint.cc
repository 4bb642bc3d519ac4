// SPDX-License-Identifier: Apache-2.0
#include "aws_endpoint.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "pailfs/auth/sign.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

constexpr std::array<std::string_view, 16> kLegacyRegions{
    "ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
    "aws-global",     "ca-central-1", "eu-central-1",   "eu-north-1",
    "eu-west-1",      "eu-west-2",    "eu-west-3",      "sa-east-1",
    "us-east-1",      "us-east-2",    "us-west-1",      "us-west-2"};

bool are_ignored(const CredentialConfig& config, const EndpointSettings& profile) {
  const std::string variable = config.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  return equals_ignoring_case(variable.empty() ? profile.ignored : variable, "true");
}

/// The first that is set, with the name that messages call it by.
std::pair<std::string, std::string> first_endpoint(const CredentialConfig& config,
                                                   const AwsService& service,
                                                   const EndpointSettings& profile) {
  const std::string global = "AWS_ENDPOINT_URL";
  const std::string own = global + "_" + std::string(service.in_variables);
  for (const std::string& name : {own, global}) {
    if (std::string value = config.variable(name); !value.empty()) return {name, value};
  }
  const auto found = profile.of_service.find(std::string(service.in_settings));
  if (found != profile.of_service.end())
    return {"endpoint_url of " + std::string(service.in_settings), found->second};
  return {"endpoint_url", profile.of_all};
}

}  // namespace

Result<std::optional<KeyServiceUrl>> configured_endpoint(const CredentialConfig& config,
                                                         const AwsService& service,
                                                         const EndpointSettings& profile) {
  if (are_ignored(config, profile)) return std::optional<KeyServiceUrl>();
  const auto [name, given] = first_endpoint(config, service, profile);
  if (given.empty()) return std::optional<KeyServiceUrl>();
  auto url = key_service_url(given, name);
  if (!url) return url.error();
  return std::optional<KeyServiceUrl>(std::move(*url));
}

std::string region_of_keys(const CredentialConfig& config, const std::string& profile_region) {
  for (const std::string& candidate :
       {config.variable("AWS_REGION"), config.variable("AWS_DEFAULT_REGION"), profile_region,
        config.region}) {
    if (!candidate.empty()) return candidate;
  }
  return "us-east-1";
}

Result<KeyServiceUrl> regional_endpoint(const CredentialConfig& config, const AwsService& service,
                                        const EndpointSettings& profile, std::string_view prefix,
                                        const std::string& region) {
  if (!is_region(region)) {
    return Error{EINVAL, std::string(service.in_variables) + ": \"" + printable(region, 80) +
                             "\" is not a region"};
  }
  const auto configured = configured_endpoint(config, service, profile);
  if (!configured) return configured.error();
  if (const std::optional<KeyServiceUrl>& url = *configured; url) return *url;
  return KeyServiceUrl{"https://" + std::string(prefix) + "." + region + ".amazonaws.com" +
                           (region.starts_with("cn-") ? ".cn" : ""),
                       false};
}

Result<bool> sts_is_global(const CredentialConfig& config, const EndpointSettings& profile,
                           std::string_view region) {
  const std::string variable = config.variable("AWS_STS_REGIONAL_ENDPOINTS");
  const std::string word = to_lower(variable.empty() ? profile.sts_regional : variable);
  if (word.empty() || word == "regional") return region == "aws-global";
  if (word != "legacy") {
    const std::string name =
        variable.empty() ? "sts_regional_endpoints" : "AWS_STS_REGIONAL_ENDPOINTS";
    return Error{EINVAL,
                 name + " is \"" + printable(word, 80) + "\"; it can be regional or legacy"};
  }
  return std::find(kLegacyRegions.begin(), kLegacyRegions.end(), region) != kLegacyRegions.end();
}

}  // namespace pailfs::auth
