// SPDX-License-Identifier: Apache-2.0
/// Who sent this request, and may it be believed? Common to both signature versions; pure apart
/// from the cache of derived keys. Sources: "Authenticating Requests (AWS Signature Version 4)" and
/// "Signing and authenticating REST requests" (version 2) in the Amazon S3 documentation.
#pragma once
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "errors.h"
#include "http_message.h"

namespace s3d {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< when set, every request must carry it
  bool expired = false;       ///< requests with this token get ExpiredToken
};

/// What x-amz-content-sha256 promised about the body.
enum class PayloadKind { kUnsigned, kHash, kSignedChunks, kSignedChunksTrailer, kUnsignedTrailer };

struct Identity {
  bool anonymous = false;
  PayloadKind payload = PayloadKind::kUnsigned;
  std::string payload_hash;  ///< lower-case hex, for kHash
  // What the verification of signed chunks goes on from:
  std::string signing_key;
  std::string seed_signature;
  std::string amz_date;
  std::string scope;
};

using Verdict = std::variant<Identity, S3Error>;

/// Derived SigV4 keys by (secret, date, region). Thread-safe; forgets everything past 64 entries.
class SigningKeys {
 public:
  std::string get(const std::string& secret, std::string_view date, std::string_view region);

 private:
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> keys_;
};

struct AuthContext {
  const RequestHead& head;
  const Credentials& credentials;
  std::string region;
  std::time_t now = 0;
  std::string virtual_bucket;  ///< bucket named by Host, "" in path style (SigV2 signs it)
  bool check_signature = true;
  bool check_skew = true;
  bool check_region = true;
  bool check_signed_headers = true;
  bool plus_is_space = true;  ///< a bare '+' in the path, as AWS reads it
  SigningKeys& keys;
  bool check_secret = true;  ///< false: the key id must be known, its secret is not asked for
  bool unknown_key_404 = false;
};

/// Chooses the version by Authorization or query; a request without either is anonymous.
Verdict authenticate(const AuthContext& context);

Verdict authenticate_v4(const AuthContext& context);
Verdict authenticate_v4_query(const AuthContext& context);
Verdict authenticate_v2(const AuthContext& context);
Verdict authenticate_v2_query(const AuthContext& context);

/// Shared refusals; nullopt-like empty code means "fine".
S3Error check_key_and_token(const AuthContext& context, std::string_view access_key,
                            std::string_view token);
S3Error check_time(const AuthContext& context, std::time_t request_time, std::string_view shown);
constexpr std::time_t kMaxSkewSeconds = 15 * 60;

// Steps of version 4, exposed for tests with the published examples.
std::string derive_signing_key(std::string_view secret, std::string_view date,
                               std::string_view region, std::string_view service);
/// Each header of `signed_headers` (lower case, ';'-separated) as it enters the signature.
std::string canonical_request_v4(const RequestHead& head, std::string_view signed_headers,
                                 std::string_view payload_hash, bool plus_is_space);
std::string string_to_sign_v4(std::string_view amz_date, std::string_view scope,
                              std::string_view canonical_request);
std::string string_to_sign_v2(const RequestHead& head, std::string_view date,
                              std::string_view virtual_bucket);

}  // namespace s3d
