// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "auth.h"
#include "clock.h"
#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::array<std::string_view, 25> kSubresources = {"acl",
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
                                                            "website"};

std::string canonical_amz_headers(const Headers& headers) {
  std::map<std::string, std::string> merged;
  for (const Header& h : headers) {
    if (!h.name.starts_with("x-amz-")) continue;
    auto [at, fresh] = merged.emplace(h.name, h.value);
    if (!fresh) at->second += "," + h.value;
  }
  std::string out;
  for (const auto& [name, value] : merged) out += name + ":" + value + "\n";
  return out;
}

std::string canonical_resource(const RequestHead& head, std::string_view virtual_bucket) {
  std::string out;
  if (!virtual_bucket.empty()) out.append("/").append(virtual_bucket);
  out += head.raw_path;
  std::vector<const QueryItem*> items;
  for (const QueryItem& item : head.query)
    if (std::find(kSubresources.begin(), kSubresources.end(), item.name) != kSubresources.end())
      items.push_back(&item);
  std::sort(items.begin(), items.end(),
            [](const QueryItem* a, const QueryItem* b) { return a->name < b->name; });
  char separator = '?';
  for (const QueryItem* item : items) {
    out += separator;
    out += item->name;
    if (!item->value.empty()) out.append("=").append(item->value);
    separator = '&';
  }
  return out;
}

Verdict verify(const AuthContext& context, std::string_view access_key, std::string_view token,
               std::string_view signature, std::string_view date) {
  if (S3Error e = check_key_and_token(context, access_key, token); !e.code.empty()) return e;
  std::string to_sign = string_to_sign_v2(context.head, date, context.virtual_bucket);
  const bool right = base64(hmac_sha1(context.credentials.secret_key, to_sign)) == signature;
  if (!right && context.check_secret)
    return S3Error{"SignatureDoesNotMatch",
                   "",
                   {{"AWSAccessKeyId", std::string(access_key)},
                    {"StringToSign", to_sign},
                    {"SignatureProvided", std::string(signature)}}};
  Identity identity;
  // Version 2 knows no signed payload, but chunk framing may be announced all the same.
  if (context.head.headers.get("x-amz-content-sha256").starts_with("STREAMING-UNSIGNED"))
    identity.payload = PayloadKind::kUnsignedTrailer;
  return identity;
}

}  // namespace

std::string string_to_sign_v2(const RequestHead& head, std::string_view date,
                              std::string_view virtual_bucket) {
  std::string out = head.method + "\n";
  out.append(head.headers.get("content-md5")).append("\n");
  out.append(head.headers.get("content-type")).append("\n");
  out.append(date).append("\n");
  out += canonical_amz_headers(head.headers);
  return out + canonical_resource(head, virtual_bucket);
}

Verdict authenticate_v2(const AuthContext& context) {
  const Headers& headers = context.head.headers;
  std::string_view claim = headers.get("authorization");
  claim.remove_prefix(4);
  std::size_t colon = claim.rfind(':');
  if (colon == std::string_view::npos)
    return S3Error{"InvalidArgument",
                   "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
                   {}};
  // x-amz-date is signed among the amz headers, and the Date line is then empty.
  const std::string* amz = headers.find("x-amz-date");
  std::string_view shown = amz ? std::string_view(*amz) : headers.get("date");
  auto when = parse_http_date(shown);
  if (!when) when = parse_amz_date(shown);
  if (!when)
    return S3Error{
        "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", {}};
  if (S3Error e = check_time(context, *when, shown); !e.code.empty()) return e;
  return verify(context, claim.substr(0, colon), headers.get("x-amz-security-token"),
                claim.substr(colon + 1), amz ? std::string_view() : shown);
}

Verdict authenticate_v2_query(const AuthContext& context) {
  const RequestHead& head = context.head;
  auto expires = parse_i64(head.param_or_empty("Expires"));
  if (!expires)
    return S3Error{"AccessDenied",
                   "Query-string authentication requires the Signature, Expires and "
                   "AWSAccessKeyId parameters",
                   {}};
  if (context.check_skew && context.now > *expires)
    return S3Error{"AccessDenied", "Request has expired", {}};
  return verify(context, head.param_or_empty("AWSAccessKeyId"),
                head.param_or_empty("x-amz-security-token"), head.param_or_empty("Signature"),
                head.param_or_empty("Expires"));
}

}  // namespace s3d
