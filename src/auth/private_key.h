// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

struct evp_pkey_st;

namespace pailfs::auth {

/// A private key that signs JSON web tokens. OpenSSL wipes it when it is dropped.
class PrivateKey final {
 public:
  enum class Kind { rsa, p256, other };

  /// Reads a PEM text without a pass phrase. EINVAL; the error shows nothing of it.
  static Result<PrivateKey> read(const Secret& pem);

  [[nodiscard]] Kind kind() const;
  /// RS256 with an RSA key, ES256 (R and S, 32 bytes each) with one of P-256 (RFC 7518 3.3, 3.4);
  /// EINVAL with any other.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;
  /// The public point of a P-256 key.
  struct Point {
    std::string x;  ///< 32 bytes
    std::string y;
  };
  [[nodiscard]] Result<Point> point() const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// base64 with "-" and "_", without "=" (RFC 4648 5).
std::string base64url(std::string_view bytes);

/// HEADER.PAYLOAD.SIGNATURE of two JSON documents (RFC 7515 7.1).
Result<Secret> sign_web_token(const PrivateKey& key, std::string_view header,
                              std::string_view payload);

}  // namespace pailfs::auth
