// SPDX-License-Identifier: Apache-2.0
// What single services refuse before they look at a signature.
#include <algorithm>
#include <array>

#include "intake.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::array<std::string_view, 8> kNamedRegions = {"auto", "us-east-1", "wnam", "enam",
                                                           "weur", "eeur",      "apac", "oc"};

/// The part of an Authorization header after `name`=, up to a comma.
std::string_view authorization_field(const Call& call, std::string_view name) {
  std::string_view text = call.header("authorization");
  std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find(','));
}

std::optional<S3Error> check_region_name(const Call& call) {
  auto parts = split(authorization_field(call, "Credential="), '/');
  if (parts.size() < 5) return std::nullopt;
  std::string_view region = parts[parts.size() - 3];
  if (std::find(kNamedRegions.begin(), kNamedRegions.end(), region) != kNamedRegions.end())
    return std::nullopt;
  return S3Error{"InvalidRegionName",
                 "The region name '" + std::string(region) +
                     "' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto",
                 {}};
}

/// s3.eu-west-1.amazonaws.com knows the buckets of eu-west-1 only.
std::optional<S3Error> check_regional_host(const Call& call) {
  constexpr std::string_view kDomain = ".amazonaws.com";
  std::string_view host = call.header("host");
  host = host.substr(0, host.find(':'));
  if (!host.ends_with(kDomain)) return std::nullopt;
  host.remove_suffix(kDomain.size());
  std::string_view region = host.substr(host.rfind('.') + 1);
  std::string ours = call.service.rules.region();
  if (region == ours || std::count(region.begin(), region.end(), '-') < 2) return std::nullopt;
  const std::string& bucket = call.address.bucket;
  return S3Error{"PermanentRedirect",
                 "",
                 {{"Endpoint", bucket + ".s3." + ours + std::string(kDomain)}, {"Region", ours}}};
}

}  // namespace

std::optional<S3Error> check_service(const Call& call, const std::string& virtual_bucket) {
  if (call.rule(Rule::kVirtualOnly) && virtual_bucket.empty() && !call.address.bucket.empty())
    return S3Error{"SecondLevelDomainForbidden", "", {}};
  if (call.rule(Rule::kNoUnknownQuery) && call.head.param("x-id") != nullptr)
    return S3Error{"InvalidArgument", "", {{"ArgumentName", "x-id"}}};
  bool streams = call.header("x-amz-content-sha256").starts_with("STREAMING-") ||
                 call.header("content-encoding").find("aws-chunked") != std::string_view::npos;
  if (call.rule(Rule::kNoAwsChunked) && streams)
    return S3Error{"InvalidArgument", "aws-chunked encoding is not supported", {}};
  std::string_view names = authorization_field(call, "SignedHeaders=");
  if (call.rule(Rule::kAcceptEncodingChanged) &&
      names.find("accept-encoding") != std::string_view::npos)
    return S3Error{"SignatureDoesNotMatch", "", {}};
  if (call.rule(Rule::kRegionalHosts))
    if (auto error = check_regional_host(call)) return error;
  return call.rule(Rule::kRegionNames) ? check_region_name(call) : std::nullopt;
}

}  // namespace s3d
