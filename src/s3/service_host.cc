// SPDX-License-Identifier: Apache-2.0
#include "pailfs/s3/service_host.h"

#include <algorithm>
#include <array>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::s3 {
namespace {

constexpr std::array<std::string_view, 2> kAmazonDomains{".amazonaws.com.cn", ".amazonaws.com"};

/// Services whose hosts are s3.REGION or s3-REGION and whose signatures are for that region.
/// Sources: their tables of endpoints (Kodo: sufycs.com, qiniucs.com).
constexpr std::array<std::string_view, 5> kRegionalDomains{
    ".sufycs.com", ".qiniucs.com", ".wasabisys.com", ".backblazeb2.com", ".scw.cloud"};

/// Services that put ACCOUNT or REGION, but never a bucket alone, before these.
constexpr std::array<std::string_view, 3> kAccountDomains{
    ".r2.cloudflarestorage.com", ".digitaloceanspaces.com", ".linodeobjects.com"};

template <class Domains>
std::string_view domain_of(std::string_view host, const Domains& domains) {
  const auto found = std::find_if(domains.begin(), domains.end(),
                                  [&](std::string_view domain) { return host.ends_with(domain); });
  return found == domains.end() ? std::string_view() : *found;
}

/// "eu-west-1", "us-gov-east-1": words joined by dashes, the last one a number.
bool looks_like_region(std::string_view text) {
  const auto words = split(text, '-');
  return words.size() >= 3 && words.front().size() == 2 && parse_uint(words.back()).has_value();
}

/// The label without the "s3-" that old hosts have before the region.
std::string_view without_service(std::string_view label) {
  return label.starts_with("s3-") ? label.substr(3) : label;
}

bool names_service(std::string_view label) {
  return label == "s3" || label.starts_with("s3-");
}

std::string region_of_amazon(std::string_view labels) {
  constexpr std::string_view kPrivate = ".vpce";
  if (labels.ends_with(kPrivate)) labels.remove_suffix(kPrivate.size());
  const std::string_view last = without_service(labels.substr(labels.rfind('.') + 1));
  return looks_like_region(last) ? std::string(last) : std::string();
}

std::string joined(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : ".") + label;
  return text;
}

}  // namespace

bool is_amazon_host(std::string_view host) {
  return !domain_of(host, kAmazonDomains).empty();
}

std::string region_in_host(std::string_view host) {
  if (const std::string_view domain = domain_of(host, kAmazonDomains); !domain.empty())
    return region_of_amazon(host.substr(0, host.size() - domain.size()));
  const std::string_view domain = domain_of(host, kRegionalDomains);
  if (domain.empty()) return {};
  const auto labels = split(host.substr(0, host.size() - domain.size()), '.');
  if (labels.size() == 1 && labels[0].starts_with("s3-")) return labels[0].substr(3);
  return labels.size() == 2 && labels[0] == "s3" ? labels[1] : std::string();
}

std::string amazon_host_for(std::string_view host, std::string_view region) {
  const std::string_view domain = domain_of(host, kAmazonDomains);
  std::vector<std::string> labels = split(host.substr(0, host.size() - domain.size()), '.');
  if (domain.empty() || !names_service(labels.front())) return std::string(host);
  if (labels.size() == 1) {
    const std::string& only = labels.front();
    if (only != "s3" && only != "s3-external-1" && !looks_like_region(without_service(only)))
      return std::string(host);
    if (only == "s3" && region == "us-east-1") return std::string(host);
    labels = {"s3", std::string(region)};
  } else if (looks_like_region(labels.back())) {
    labels.back() = region;
  } else {
    return std::string(host);
  }
  return joined(labels) + std::string(domain);
}

std::string amazon_url(std::string_view region) {
  const bool china = region.starts_with("cn-");
  return "https://s3." + std::string(region) + (china ? ".amazonaws.com.cn" : ".amazonaws.com");
}

AbsenceHeader absence_header(std::string_view host) {
  if (host.ends_with(".aliyuncs.com")) return {"x-oss-forbid-overwrite", "true"};
  if (host.ends_with(".myqcloud.com")) return {"x-cos-forbid-overwrite", "true"};
  return {};
}

bool is_service_host(std::string_view host) {
  const std::string_view first = host.substr(0, host.find('.'));
  if (first.size() == host.size()) return false;
  if (names_service(first) || first == "storage") return true;
  if (first.starts_with("oss-")) return host.ends_with(".aliyuncs.com");
  if (first == "cos") return host.ends_with(".myqcloud.com");
  if (first == "obs") return host.ends_with(".myhuaweicloud.com");
  const std::string_view domain = domain_of(host, kAccountDomains);
  return !domain.empty() && host.find('.') == host.size() - domain.size();
}

}  // namespace pailfs::s3
