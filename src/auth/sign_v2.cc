// SPDX-License-Identifier: Apache-2.0
#include "pailfs/auth/sign_v2.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

constexpr std::array<std::string_view, 27> kSubResources{"acl",
                                                         "cors",
                                                         "delete",
                                                         "lifecycle",
                                                         "location",
                                                         "logging",
                                                         "notification",
                                                         "partNumber",
                                                         "policy",
                                                         "requestPayment",
                                                         "response-cache-control",
                                                         "response-content-disposition",
                                                         "response-content-encoding",
                                                         "response-content-language",
                                                         "response-content-type",
                                                         "response-expires",
                                                         "restore",
                                                         "tagging",
                                                         "torrent",
                                                         "uploadId",
                                                         "uploads",
                                                         "versionId",
                                                         "versioning",
                                                         "versions",
                                                         "website",
                                                         "accelerate",
                                                         "replication"};

std::string value_of(const http::Request& request, std::string_view name) {
  return std::string(request.headers.find(name).value_or(""));
}

std::string canonical_amz_headers(const http::Request& request) {
  std::map<std::string, std::string> headers;
  for (const http::Header& header : request.headers.all()) {
    const std::string name = to_lower(header.name);
    if (!name.starts_with("x-amz-")) continue;
    std::string& value = headers[name];
    if (!value.empty()) value += ',';
    value += trim(header.value);
  }
  std::string out;
  for (const auto& [name, value] : headers) out.append(name).append(":").append(value).append("\n");
  return out;
}

std::string canonical_resource(std::string_view url, const std::string& virtual_bucket) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t slash = url.find('/');
  const std::string_view rest = slash == std::string_view::npos ? "/" : url.substr(slash);
  const std::size_t question = rest.find('?');
  std::string out = virtual_bucket.empty() ? "" : "/" + virtual_bucket;
  out += rest.substr(0, question);
  if (question == std::string_view::npos) return out;

  std::vector<std::string> kept;
  for (const std::string& field : split(rest.substr(question + 1), '&')) {
    const std::size_t equals = field.find('=');
    const std::string name = field.substr(0, equals);
    if (std::find(kSubResources.begin(), kSubResources.end(), name) == kSubResources.end())
      continue;
    // Values are signed as they were before encoding, unlike everything in Version 4.
    const bool has_value = equals != std::string::npos && equals + 1 < field.size();
    kept.push_back(has_value ? name + "=" + percent_decode(field.substr(equals + 1)) : name);
  }
  std::sort(kept.begin(), kept.end());
  char separator = '?';
  for (const std::string& field : kept) {
    out.append(1, separator).append(field);
    separator = '&';
  }
  return out;
}

}  // namespace

std::string string_to_sign_v2(const http::Request& request, const std::string& virtual_bucket) {
  std::string out(http::method_name(request.method));
  out.append("\n").append(value_of(request, "Content-MD5"));
  out.append("\n").append(value_of(request, "Content-Type"));
  // x-amz-date takes the place of Date when both could be meant.
  const bool amz_date = request.headers.find("x-amz-date").has_value();
  out.append("\n").append(amz_date ? "" : value_of(request, "Date")).append("\n");
  return out + canonical_amz_headers(request) + canonical_resource(request.url, virtual_bucket);
}

void sign_v2(http::Request& request, const Credentials& credentials, WallTime time,
             const std::string& virtual_bucket) {
  request.headers.remove("Authorization");
  if (credentials.access_key.empty()) return;
  request.headers.set("Date", http_date(time));
  request.headers.remove("x-amz-security-token");
  if (!credentials.session_token.empty())
    request.headers.set("x-amz-security-token", credentials.session_token.reveal());
  const std::string signature = base64(hmac(Digest::sha1, credentials.secret_key.reveal(),
                                            string_to_sign_v2(request, virtual_bucket)));
  request.headers.set("Authorization", "AWS " + credentials.access_key + ":" + signature);
}

}  // namespace pailfs::auth
