// SPDX-License-Identifier: Apache-2.0
// What a bucket argument and a service address say. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::cli {

struct Source {
  std::string bucket;
  std::string prefix;  ///< "" or "a/b/"
  std::string error;   ///< not empty: neither of the above counts
};

/// Reads BUCKET, BUCKET:/PATH, s3://BUCKET/PATH, and both after fstab's old "s3fs#".
Source parse_source(std::string_view text);

/// Host of a URL without user, port and brackets; lower case.
std::string host_of(std::string_view url);
/// An IPv4 or IPv6 address or localhost: no bucket name can stand before it.
bool is_bare_host(const std::string& host);
bool is_amazon_host(const std::string& host);
/// "eu-west-1" from s3.eu-west-1.amazonaws.com and its kin; empty when the host names none.
std::string region_in_host(const std::string& host);
/// Address of Amazon's service in a region.
std::string amazon_url(const std::string& region);

}  // namespace pailfs::cli
