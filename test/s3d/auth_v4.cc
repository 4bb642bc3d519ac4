// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "auth.h"
#include "clock.h"
#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct Claim {
  std::string access_key;
  std::string date;
  std::string region;
  std::string service;
  std::string scope;
  std::string signed_headers;
  std::string signature;
  std::string token;
  std::string amz_date;
};

S3Error malformed(std::string message) {
  return {"AuthorizationHeaderMalformed",
          "The authorization header is malformed; " + std::move(message),
          {}};
}

/// KEY/20130524/us-east-1/s3/aws4_request; the key id itself may contain slashes.
bool parse_credential(std::string_view text, Claim& claim) {
  auto parts = split(text, '/');
  if (parts.size() < 5 || parts.back() != "aws4_request") return false;
  std::size_t n = parts.size();
  claim.date = parts[n - 4];
  claim.region = parts[n - 3];
  claim.service = parts[n - 2];
  std::size_t scope_size = claim.date.size() + claim.region.size() + claim.service.size() + 15;
  claim.scope = text.substr(text.size() - scope_size);
  claim.access_key = text.substr(0, text.size() - scope_size - 1);
  return true;
}

std::optional<PayloadKind> payload_kind(std::string_view value) {
  if (value == kUnsignedPayload) return PayloadKind::kUnsigned;
  if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return PayloadKind::kSignedChunks;
  if (value == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
    return PayloadKind::kSignedChunksTrailer;
  if (value == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return PayloadKind::kUnsignedTrailer;
  bool is_hash = value.size() == 64 && std::all_of(value.begin(), value.end(), [](char c) {
                   return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                 });
  if (is_hash) return PayloadKind::kHash;
  return std::nullopt;
}

/// AWS refuses a request whose host or x-amz-* headers could have been changed on the way.
S3Error check_signed_headers(const AuthContext& context, const Claim& claim) {
  auto names = split(claim.signed_headers, ';');
  auto is_signed = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string missing;
  for (const Header& h : context.head.headers) {
    bool must = h.name == "host" || h.name.starts_with("x-amz-");
    if (!must || is_signed(h.name)) continue;
    if (!missing.empty()) missing += ", ";
    missing += h.name;
  }
  if (missing.empty() || !context.check_signed_headers) return {};
  return {"AccessDenied",
          "There were headers present in the request which were not signed",
          {{"HeadersNotSigned", missing}}};
}

S3Error check_scope(const AuthContext& context, const Claim& claim) {
  if (claim.service != "s3") {
    return malformed("incorrect service \"" + claim.service +
                     "\". This endpoint belongs to \"s3\".");
  }
  if (!claim.amz_date.starts_with(claim.date) || claim.date.size() != 8)
    return malformed("Invalid credential date \"" + claim.date +
                     "\". This date is not the same as X-Amz-Date: \"" +
                     claim.amz_date.substr(0, std::min<std::size_t>(8, claim.amz_date.size())) +
                     "\".");
  if (context.check_region && claim.region != context.region) {
    S3Error error =
        malformed("the region '" + claim.region + "' is wrong; expecting '" + context.region + "'");
    error.details.emplace_back("Region", context.region);
    return error;
  }
  return {};
}

std::string spaced_hex(std::string_view bytes) {
  std::string digits = hex(bytes);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i > 0) out += ' ';
    out += digits.substr(i, 2);
  }
  return out;
}

Verdict verify(const AuthContext& context, const Claim& claim, Identity identity,
               std::string_view payload_hash) {
  if (S3Error e = check_key_and_token(context, claim.access_key, claim.token); !e.code.empty())
    return e;
  if (S3Error e = check_scope(context, claim); !e.code.empty()) return e;
  if (S3Error e = check_signed_headers(context, claim); !e.code.empty()) return e;
  identity.signing_key = context.keys.get(context.credentials.secret_key, claim.date, claim.region);
  std::string request =
      canonical_request_v4(context.head, claim.signed_headers, payload_hash, context.plus_is_space);
  std::string to_sign = string_to_sign_v4(claim.amz_date, claim.scope, request);
  const bool right = hex(hmac_sha256(identity.signing_key, to_sign)) == claim.signature;
  if (!right && context.check_secret) {
    return S3Error{"SignatureDoesNotMatch",
                   "",
                   {{"AWSAccessKeyId", claim.access_key},
                    {"StringToSign", to_sign},
                    {"SignatureProvided", claim.signature},
                    {"StringToSignBytes", spaced_hex(to_sign)},
                    {"CanonicalRequest", request},
                    {"CanonicalRequestBytes", spaced_hex(request)}}};
  }
  identity.seed_signature = claim.signature;
  identity.amz_date = claim.amz_date;
  identity.scope = claim.scope;
  return identity;
}

/// Collapses runs of blanks, as the specification's Trimall does.
void append_trimmed(std::string& out, std::string_view value) {
  bool blank = false;
  for (char c : trim(value)) {
    if (c == ' ' && blank) continue;
    blank = c == ' ';
    out += c;
  }
}

std::string canonical_query(const RequestHead& head) {
  std::vector<std::pair<std::string, std::string>> items;
  for (const QueryItem& item : head.query) {
    if (item.name == "X-Amz-Signature") continue;
    items.emplace_back(percent_encode(item.name, false), percent_encode(item.value, false));
  }
  std::sort(items.begin(), items.end());
  std::string out;
  for (const auto& [name, value] : items) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

}  // namespace

std::string canonical_request_v4(const RequestHead& head, std::string_view signed_headers,
                                 std::string_view payload_hash, bool plus_is_space) {
  std::string out;
  out.reserve(512);
  out += head.method;
  out += '\n';
  out += percent_encode(percent_decode(head.raw_path, plus_is_space).value_or(head.raw_path), true);
  out += '\n';
  out += canonical_query(head);
  out += '\n';
  for (std::string_view name : split(signed_headers, ';')) {
    out += name;
    out += ':';
    bool first = true;
    for (const Header& h : head.headers) {
      if (h.name != name) continue;
      if (!first) out += ',';
      first = false;
      append_trimmed(out, h.value);
    }
    out += '\n';
  }
  out += '\n';
  out += signed_headers;
  out += '\n';
  out += payload_hash;
  return out;
}

std::string string_to_sign_v4(std::string_view amz_date, std::string_view scope,
                              std::string_view canonical_request) {
  std::string out(kAlgorithm);
  out.append("\n").append(amz_date).append("\n").append(scope).append("\n");
  return out + hex(sha256(canonical_request));
}

Verdict authenticate_v4(const AuthContext& context) {
  const Headers& headers = context.head.headers;
  Claim claim;
  std::string_view rest = headers.get("authorization");
  rest.remove_prefix(kAlgorithm.size());
  for (std::string_view item : split(rest, ',')) {
    item = trim(item);
    std::size_t eq = item.find('=');
    std::string_view name = item.substr(0, eq);
    std::string_view value =
        eq == std::string_view::npos ? std::string_view() : item.substr(eq + 1);
    if (name == "Credential") {
      if (!parse_credential(value, claim))
        return malformed(
            "the Credential is mal-formed; expecting "
            "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
    } else if (name == "SignedHeaders") {
      claim.signed_headers = value;
    } else if (name == "Signature") {
      claim.signature = value;
    }
  }
  if (claim.scope.empty() || claim.signed_headers.empty() || claim.signature.empty())
    return malformed(
        "the authorization header requires three components: Credential, "
        "SignedHeaders, and Signature.");
  claim.token = headers.get("x-amz-security-token");
  claim.amz_date = headers.get("x-amz-date");
  std::optional<std::time_t> when = parse_amz_date(claim.amz_date);
  if (!when && claim.amz_date.empty()) {
    when = parse_http_date(headers.get("date"));
    if (when) claim.amz_date = amz_date(*when);
  }
  if (!when)
    return S3Error{
        "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", {}};
  if (S3Error e = check_time(context, *when, claim.amz_date); !e.code.empty()) return e;

  const std::string* promised = headers.find("x-amz-content-sha256");
  if (promised == nullptr)
    return S3Error{
        "InvalidRequest", "Missing required header for this request: x-amz-content-sha256", {}};
  auto kind = payload_kind(*promised);
  if (!kind)
    return S3Error{"InvalidArgument",
                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                   "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                   {{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", *promised}}};
  Identity identity;
  identity.payload = *kind;
  if (*kind == PayloadKind::kHash) identity.payload_hash = *promised;
  return verify(context, claim, std::move(identity), *promised);
}

Verdict authenticate_v4_query(const AuthContext& context) {
  const RequestHead& head = context.head;
  auto bad = [](std::string_view message) {
    return S3Error{"AuthorizationQueryParametersError", std::string(message), {}};
  };
  Claim claim;
  if (head.param_or_empty("X-Amz-Algorithm") != kAlgorithm)
    return bad("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  if (!parse_credential(head.param_or_empty("X-Amz-Credential"), claim))
    return bad("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed");
  claim.signed_headers = head.param_or_empty("X-Amz-SignedHeaders");
  claim.signature = head.param_or_empty("X-Amz-Signature");
  claim.token = head.param_or_empty("X-Amz-Security-Token");
  claim.amz_date = head.param_or_empty("X-Amz-Date");
  auto when = parse_amz_date(claim.amz_date);
  auto expires = parse_u64(head.param_or_empty("X-Amz-Expires"));
  if (!when) return bad("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!expires || *expires > 604800)
    return bad("X-Amz-Expires must be less than a week (in seconds)");
  if (claim.signed_headers.empty() || claim.signature.empty())
    return bad(
        "Query-string authentication version 4 requires the X-Amz-Signature and "
        "X-Amz-SignedHeaders parameters");
  std::time_t end = *when + static_cast<std::time_t>(*expires);
  if (context.check_skew && context.now > end)
    return S3Error{"AccessDenied",
                   "Request has expired",
                   {{"X-Amz-Expires", std::to_string(*expires)},
                    {"Expires", error_date(end)},
                    {"ServerTime", error_date(context.now)}}};
  if (context.check_skew && *when > context.now + kMaxSkewSeconds)
    return S3Error{"AccessDenied", "Request is not yet valid", {}};
  Identity identity;
  std::string payload(kUnsignedPayload);
  if (const std::string* promised = head.headers.find("x-amz-content-sha256")) {
    auto kind = payload_kind(*promised);
    if (!kind) return bad("x-amz-content-sha256 is invalid");
    payload = *promised;
    identity.payload = *kind;
    if (*kind == PayloadKind::kHash) identity.payload_hash = payload;
  }
  return verify(context, claim, std::move(identity), payload);
}

}  // namespace s3d
