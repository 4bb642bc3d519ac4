// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string normalised_prefix(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? std::string() : std::string(path) + "/";
}

std::string_view strip_amazon_domain(std::string_view host) {
  for (const std::string_view domain : {".amazonaws.com.cn", ".amazonaws.com"}) {
    if (ends_with(host, domain)) return host.substr(0, host.size() - domain.size());
  }
  return {};
}

/// "eu-west-1", "us-gov-east-1": words joined by dashes, the last one a number.
bool looks_like_region(std::string_view text) {
  const auto words = split(text, '-');
  return words.size() >= 3 && words.front().size() == 2 && parse_uint(words.back()).has_value();
}

}  // namespace

Source parse_source(std::string_view text) {
  Source source;
  const std::string shown = printable(text);
  if (!drop_prefix(text, "s3fs#")) drop_prefix(text, "pailfs#");
  std::string_view bucket;
  std::string_view path;
  if (drop_prefix(text, "s3://")) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    bucket = text.substr(0, slash);
    path = text.substr(slash);
  } else if (text.find("://") != std::string_view::npos) {
    source.error = "BUCKET \"" + shown +
                   "\" is an address: it must be bucket[:/path]; an address belongs into url=";
    return source;
  } else {
    const std::size_t colon = text.find(':');
    bucket = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      path = text.substr(colon + 1);
      if (path.empty() || path.front() != '/') {
        source.error = "BUCKET \"" + shown + "\": the path after ':' must begin with '/'";
        return source;
      }
    }
  }
  if (bucket.empty()) {
    source.error = "BUCKET \"" + shown + "\" names no bucket";
    return source;
  }
  source.bucket = std::string(bucket);
  source.prefix = normalised_prefix(path);
  return source;
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  if (!url.empty() && url.front() == '[') return to_lower(url.substr(1, url.find(']') - 1));
  return to_lower(url.substr(0, url.find(':')));
}

bool is_bare_host(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return host == "localhost" || ends_with(host, ".localhost") ||
         inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool is_amazon_host(const std::string& host) {
  return !strip_amazon_domain(host).empty();
}

std::string region_in_host(const std::string& host) {
  std::string_view label = strip_amazon_domain(host);
  const std::size_t dot = label.rfind('.');
  if (dot != std::string_view::npos) label.remove_prefix(dot + 1);
  drop_prefix(label, "s3-");
  return looks_like_region(label) ? std::string(label) : std::string();
}

std::string amazon_url(const std::string& region) {
  const bool china = region.substr(0, 3) == "cn-";
  return "https://s3." + region + (china ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace pailfs::cli
