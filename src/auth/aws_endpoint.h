// SPDX-License-Identifier: Apache-2.0
// Where Amazon's services that hand out keys are asked. Source: "Service-specific endpoints" and
// "AWS STS Regional endpoints" in the AWS SDKs and Tools reference.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"

#include "credential_context.h"
#include "key_service.h"

namespace pailfs::auth {

/// The settings of a profile about such addresses.
struct EndpointSettings {
  std::string ignored;                            ///< ignore_configured_endpoint_urls
  std::string of_all;                             ///< endpoint_url
  std::map<std::string, std::string> of_service;  ///< of its [services] section: "sts" -> URL
  std::string sts_regional;                       ///< sts_regional_endpoints
};

/// A service as variables (AWS_ENDPOINT_URL_STS) and as settings (sts) name it.
struct AwsService {
  std::string_view in_variables;
  std::string_view in_settings;
};
inline constexpr AwsService kSts{"STS", "sts"};
inline constexpr AwsService kSso{"SSO", "sso"};
inline constexpr AwsService kSsoOidc{"SSO_OIDC", "sso_oidc"};
inline constexpr AwsService kSignin{"SIGNIN", "signin"};

/// The address that the user has configured: by the variable of the service, AWS_ENDPOINT_URL, the
/// profile's section of the service, its endpoint_url; nothing when there is none, or when
/// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS (else the profile) says that none counts. EINVAL for one
/// that may not be asked, see key_service_url(). Pure.
Result<std::optional<KeyServiceUrl>> configured_endpoint(const CredentialConfig& config,
                                                         const AwsService& service,
                                                         const EndpointSettings& profile);

/// The region in which keys are asked for: AWS_REGION, AWS_DEFAULT_REGION, that of the profile, of
/// the configuration, us-east-1. Pure.
std::string region_of_keys(const CredentialConfig& config, const std::string& profile_region);

/// The address of a service whose host is PREFIX.REGION.amazonaws.com, unless another is
/// configured. EINVAL when `region` cannot be one.
Result<KeyServiceUrl> regional_endpoint(const CredentialConfig& config, const AwsService& service,
                                        const EndpointSettings& profile, std::string_view prefix,
                                        const std::string& region);

/// True when requests to STS go to the one address for all regions: AWS_STS_REGIONAL_ENDPOINTS,
/// else sts_regional_endpoints, is "legacy" and the region is one of those that are older than
/// regional addresses. EINVAL for another word than that or "regional". Pure.
Result<bool> sts_is_global(const CredentialConfig& config, const EndpointSettings& profile,
                           std::string_view region);

}  // namespace pailfs::auth
