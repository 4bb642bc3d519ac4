// SPDX-License-Identifier: Apache-2.0
#include "site.h"

#include <algorithm>

#include "pailfs/s3/service_host.h"
#include "pailfs/util/text.h"

namespace pailfs::s3 {
namespace {

constexpr std::string_view kAwsHost = "s3.amazonaws.com";

std::string query_text(std::vector<QueryField> query) {
  std::sort(query.begin(), query.end(),
            [](const QueryField& a, const QueryField& b) { return a.name < b.name; });
  std::string out;
  char separator = '?';
  for (const QueryField& field : query) {
    out.append(1, separator).append(percent_encode(field.name, false));
    if (field.value) out.append("=").append(percent_encode(*field.value, false));
    separator = '&';
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

bool is_address(const std::string& host) {
  if (host.starts_with('[')) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string::npos;
}

/// The host for a region. Only Amazon's hosts differ by region. A host that the user gave stays
/// while its region is in force, and the domain never changes: a reply must not decide where keys
/// are sent.
std::string regional_host(const Config& config, const Url& url, const std::string& region) {
  if (!url.port.empty() || !is_amazon_host(url.host)) return url.host;
  const bool learned = region != config.region;
  if (is_aws_default(config.url) && !learned && region.starts_with("cn-"))
    return amazon_host_for(url.host + ".cn", region);
  return learned || is_aws_default(config.url) ? amazon_host_for(url.host, region) : url.host;
}

}  // namespace

bool uses_path_style(const Config& config) {
  const Result<Url> url = parse_url(config.url);
  if (config.path_style || !url) return true;
  const bool dotted = config.bucket.find('.') != std::string::npos;
  return is_address(url->host) || url->host == "localhost" || (dotted && url->scheme == "https");
}

bool is_aws_default(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  return parsed && parsed->host == kAwsHost && parsed->port.empty();
}

std::string Site::bucket_url(const std::vector<QueryField>& query) const {
  return origin + root + query_text(query);
}

std::string Site::object_url(const Key& key, const std::vector<QueryField>& query) const {
  return origin + root + percent_encode(key, true) + query_text(query);
}

std::string Site::copy_source(const Key& key) const {
  return "/" + bucket + "/" + percent_encode(key, true);
}

Site make_site(const Config& config, const std::string& region) {
  Site site;
  Url url = parse_url(config.url).has_value() ? *parse_url(config.url) : Url{"https", "", ""};
  url.host = regional_host(config, url, region);
  site.bucket = config.bucket;
  site.region = region;
  if (uses_path_style(config)) {
    site.root = config.servicepath + config.bucket + "/";
  } else {
    site.virtual_bucket = config.bucket;
    url.host = config.bucket + "." + url.host;
    site.root = config.servicepath;
  }
  site.origin = url.text();
  if (config.acl != "private") site.acl = config.acl;
  if (upper(config.storage_class) != "STANDARD") site.storage_class = upper(config.storage_class);
  site.encryption = config.encryption;
  site.extra_headers = config.extra_headers;
  site.requester_pays = config.requester_pays;
  site.absence = absence_header(url.host);
  site.is_amazon = is_amazon_host(url.host);
  site.stall_limit = config.stall_limit;
  site.work_limit = config.work_limit;
  return site;
}

}  // namespace pailfs::s3
