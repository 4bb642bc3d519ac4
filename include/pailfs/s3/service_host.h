// SPDX-License-Identifier: Apache-2.0
// Facts about a service that its host name tells. Pure; host names are lower case, without a port.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::s3 {

/// True for hosts below amazonaws.com and amazonaws.com.cn, whose requests go to the region that
/// the name says.
bool is_amazon_host(std::string_view host);

/// "eu-west-1" from s3.eu-west-1.amazonaws.com and its kin (s3-eu-west-1, dualstack, fips, vpce),
/// and from the hosts of the few other services that sign for the region in their name. Empty when
/// the host names none, or when nothing is known about the service: elsewhere such a name may be a
/// mere label (IDrive signs for us-east-1 on every host).
std::string region_in_host(std::string_view host);

/// Host of the same Amazon domain that answers for `region`: s3.us-east-1 and s3-us-east-1 become
/// s3.REGION, dualstack and fips are kept. Hosts of any other form are returned as they are.
std::string amazon_host_for(std::string_view host, std::string_view region);

/// Address of Amazon's service in a region.
std::string amazon_url(std::string_view region);

/// True when the name is one that services give to their S3 endpoint itself, so that a label before
/// it can only be a bucket: s3.example.com, storage.googleapis.com, oss-cn-hangzhou.aliyuncs.com.
bool is_service_host(std::string_view host);

/// The header of a change that must not replace an object, and its value.
struct AbsenceHeader {
  std::string_view name = "If-None-Match";
  std::string_view value = "*";
};
/// If-None-Match, but for Alibaba's OSS and Tencent's COS, which have a header of their own.
AbsenceHeader absence_header(std::string_view host);

}  // namespace pailfs::s3
