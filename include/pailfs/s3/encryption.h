// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::s3 {

/// A key of the user's own (SSE-C), in the two forms that requests carry.
struct CustomerKey {
  auth::Secret base64;
  std::string md5;  ///< of the 32 bytes, in base64; shows nothing of them
};

/// How the service is asked to encrypt objects. Source: the S3 user guide, "Protecting data with
/// server-side encryption".
struct Encryption {
  enum class Kind {
    none,      ///< as the bucket is configured
    service,   ///< SSE-S3: keys of the service
    customer,  ///< SSE-C: `keys[0]`
    kms,       ///< SSE-KMS: `kms_key`
  };
  Kind kind = Kind::none;
  /// Tried in this order on objects to be read; also with another kind (load_sse_c).
  std::vector<CustomerKey> keys;
  std::string kms_key;

  /// The key that new objects are encrypted with; null unless kind is customer.
  [[nodiscard]] const CustomerKey* customer() const {
    return kind == Kind::customer && !keys.empty() ? &keys.front() : nullptr;
  }
};

/// One line of a key file, as s3fs reads it: up to 32 bytes are the key itself, more are its
/// base64. An error, which shows nothing of the key, unless that gives the 32 bytes of AES-256.
Result<CustomerKey> parse_customer_key(std::string_view line);

/// A whole key file, or with ':' as separator the value of AWSSSECKEYS. Empty lines and lines that
/// begin with '#' are skipped. The error names the line by its number.
Result<std::vector<CustomerKey>> parse_customer_keys(std::string_view text, char separator);

}  // namespace pailfs::s3
