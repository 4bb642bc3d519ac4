// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "pailfs/util/text.h"

namespace pailfs {
namespace {

Error bad_url(const std::string& text, const std::string& why) {
  return {EINVAL, "url \"" + printable(text, 200) + "\" " + why};
}

bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool looks_local(const std::string& host, const std::string& port) {
  const bool address =
      host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string::npos;
  return port != "443" && (address || host == "localhost" || host.ends_with(".localhost"));
}

/// "host[:port]" or "[address][:port]" into url.
Status parse_authority(const std::string& text, const std::string& authority, Url& url) {
  std::size_t end = authority.find(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string::npos) return bad_url(text, "has an unclosed '['");
    end = bracket + 1 < authority.size() ? bracket + 1 : std::string::npos;
    const std::string inner = authority.substr(1, bracket - 1);
    if (inner.empty() || inner.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos)
      return bad_url(text, "has no valid address between '[' and ']'");
    if (end != std::string::npos && authority[end] != ':')
      return bad_url(text, "has text between ']' and the port");
  }
  url.host = to_lower(authority.substr(0, end));
  if (url.host.empty()) return bad_url(text, "names no host");
  if (!url.host.starts_with('[') && !std::all_of(url.host.begin(), url.host.end(), is_host_byte))
    return bad_url(text, "has a character that no host name can have");
  if (end == std::string::npos) return {};
  url.port = authority.substr(end + 1);
  const std::optional<std::uint64_t> port = parse_uint(url.port);
  if (!port || *port == 0 || *port > 65535)
    return bad_url(text, "has a port that is not between 1 and 65535");
  return {};
}

}  // namespace

std::string Url::text() const {
  return scheme + "://" + host + (port.empty() ? "" : ":" + port);
}

Result<Url> parse_url(const std::string& text) {
  Url url;
  std::string rest(trim(text));
  const std::size_t scheme_end = rest.find("://");
  if (scheme_end != std::string::npos) {
    url.scheme = to_lower(rest.substr(0, scheme_end));
    if (url.scheme != "http" && url.scheme != "https")
      return bad_url(text, "must begin with https:// or http://");
    rest.erase(0, scheme_end + 3);
  }
  while (rest.ends_with('/')) rest.pop_back();
  if (rest.find('@') != std::string::npos)
    return bad_url(text, "must not carry a user name or password");
  if (rest.find_first_of("?#") != std::string::npos)
    return bad_url(text, "must not have a query or fragment");
  if (rest.find('/') != std::string::npos)
    return bad_url(text,
                   "must not have a path: the bucket is the first argument, a path in front "
                   "of it is -o servicepath=");
  if (const Status status = parse_authority(text, rest, url); !status) return status.error();
  if (url.scheme.empty()) url.scheme = looks_local(url.host, url.port) ? "http" : "https";
  if (url.port == (url.scheme == "http" ? "80" : "443")) url.port.clear();
  return url;
}

bool is_loopback(const Url& url) {
  if (url.host == "localhost") return true;
  in_addr four{};
  if (inet_pton(AF_INET, url.host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  if (url.host.size() < 2 || url.host.front() != '[') return false;
  in6_addr six{};
  const std::string inner = url.host.substr(1, url.host.size() - 2);
  return inet_pton(AF_INET6, inner.c_str(), &six) == 1 &&
         std::memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
}

Result<std::string> normalise_url(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  if (!parsed) return parsed.error();
  return parsed->text();
}

}  // namespace pailfs
