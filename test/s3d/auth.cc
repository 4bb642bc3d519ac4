// SPDX-License-Identifier: Apache-2.0
#include "auth.h"

#include <cstdlib>

#include "clock.h"
#include "digest.h"

namespace s3d {

std::string derive_signing_key(std::string_view secret, std::string_view date,
                               std::string_view region, std::string_view service) {
  std::string key = hmac_sha256("AWS4" + std::string(secret), date);
  key = hmac_sha256(key, region);
  key = hmac_sha256(key, service);
  return hmac_sha256(key, "aws4_request");
}

std::string SigningKeys::get(const std::string& secret, std::string_view date,
                             std::string_view region) {
  std::string name;
  name.append(date).append("/").append(region).append("/").append(secret);
  std::lock_guard lock(mutex_);
  if (auto found = keys_.find(name); found != keys_.end()) return found->second;
  if (keys_.size() >= 64) keys_.clear();
  return keys_[name] = derive_signing_key(secret, date, region, "s3");
}

S3Error check_key_and_token(const AuthContext& context, std::string_view access_key,
                            std::string_view token) {
  const Credentials& known = context.credentials;
  if (access_key != known.access_key && context.unknown_key_404)
    return {"XAdminUserNotFound", "", {}};
  if (access_key != known.access_key)
    return {"InvalidAccessKeyId", "", {{"AWSAccessKeyId", std::string(access_key)}}};
  if (token != known.session_token) {
    if (token.empty())  // AWS does not know a temporary key without its token
      return {"InvalidToken", "", {{"Token-0", ""}}};
    return {"InvalidToken", "", {{"Token-0", std::string(token)}}};
  }
  if (known.expired) return {"ExpiredToken", "", {{"Token-0", std::string(token)}}};
  return {};
}

S3Error check_time(const AuthContext& context, std::time_t request_time, std::string_view shown) {
  if (!context.check_skew || std::abs(context.now - request_time) <= kMaxSkewSeconds) return {};
  return {"RequestTimeTooSkewed",
          "",
          {{"RequestTime", std::string(shown)},
           {"ServerTime", error_date(context.now)},
           {"MaxAllowedSkewMilliseconds", std::to_string(kMaxSkewSeconds * 1000)}}};
}

Verdict authenticate(const AuthContext& context) {
  const RequestHead& head = context.head;
  if (!context.check_signature) {
    Identity identity;
    std::string_view payload = head.headers.get("x-amz-content-sha256");
    // Chunk framing must be removed even when signatures are not checked.
    if (payload.starts_with("STREAMING-")) identity.payload = PayloadKind::kUnsignedTrailer;
    return identity;
  }
  std::string_view authorization = head.headers.get("authorization");
  if (authorization.starts_with("AWS4-HMAC-SHA256")) return authenticate_v4(context);
  if (authorization.starts_with("AWS ")) return authenticate_v2(context);
  if (!authorization.empty())
    return S3Error{
        "InvalidArgument",
        "Unsupported Authorization Type",
        {{"ArgumentName", "Authorization"}, {"ArgumentValue", std::string(authorization)}}};
  if (head.param("X-Amz-Algorithm") != nullptr) return authenticate_v4_query(context);
  if (head.param("AWSAccessKeyId") != nullptr) return authenticate_v2_query(context);
  Identity nobody;
  nobody.anonymous = true;
  return nobody;
}

}  // namespace s3d
