// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4 in the Authorization header, as pure functions.
// Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)" in
// the S3 API reference, and the generic description in the IAM user guide.
#pragma once

#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::auth {

/// x-amz-content-sha256 of a request without a body.
inline constexpr std::string_view kEmptyPayload =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// x-amz-content-sha256 of a body that TLS alone protects.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

/// Where and when a signature is valid.
struct SigningScope {
  std::string region;
  std::string service = "s3";
  WallTime time{};
};

/// S3 signs paths as they are sent; other services remove "." and ".." and double slashes first.
enum class PathRule { as_sent, normalised };

struct CanonicalRequest {
  std::string text;
  std::string signed_headers;  ///< "host;x-amz-date"
};

/// Signs every header of `request` (all of them are sent), plus Host derived from the URL when
/// there is none. Path and query of the URL are taken as they stand, already encoded once.
CanonicalRequest canonical_request(const http::Request& request, std::string_view payload_hash,
                                   PathRule rule = PathRule::as_sent);

/// "20130524/us-east-1/s3/aws4_request"
std::string credential_scope(const SigningScope& scope);
std::string string_to_sign(std::string_view canonical, const SigningScope& scope);
/// Key for one day, region and service: four HMACs away from the secret.
std::string derive_signing_key(const Secret& secret, const SigningScope& scope);
std::string signature_v4(std::string_view signing_key, std::string_view to_sign);
std::string authorization_v4(std::string_view access_key, const SigningScope& scope,
                             std::string_view signed_headers, std::string_view signature);

/// Remembers the last derived key: it changes once a day. Any thread may use it.
class SigningKeys final {
 public:
  std::string key(const Secret& secret, const SigningScope& scope) EXCLUDES(mutex_);
  /// How often a key was derived.
  [[nodiscard]] int derivations() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::string scope_ GUARDED_BY(mutex_);
  Secret secret_ GUARDED_BY(mutex_);
  Secret derived_ GUARDED_BY(mutex_);
  int derivations_ GUARDED_BY(mutex_) = 0;
};

/// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token (for a session) and Authorization,
/// replacing those of an earlier attempt. Without an access key nothing is added: a public bucket.
void sign_v4(http::Request& request, const Credentials& credentials, const SigningScope& scope,
             std::string_view payload_hash, SigningKeys& keys);

/// Host header that goes with a URL: the port only where it is not the scheme's own (RFC 9110 7.2).
std::string host_of(std::string_view url);

/// Shape of a region's name; anything else from the network is not used.
bool is_region(std::string_view text);

}  // namespace pailfs::auth
