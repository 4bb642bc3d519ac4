// SPDX-License-Identifier: Apache-2.0
// How the bytes of an object or a part are vouched for, so that the service notices when they
// arrive changed. Over plain HTTP by the hash in the signature (SHA-256), because any machine on
// the way could change them. TLS protects them already: there the signature says UNSIGNED-PAYLOAD,
// and a CRC-32C, thirty times cheaper, takes its place (x-amz-checksum-crc32c). Services that do
// not know that header mostly ignore it; some refuse it, and some forbid unsigned bodies: the first
// refusal of a service decides for the rest of the mount. Pure. Source: "Checking object integrity
// for data uploads" in the S3 user guide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"

namespace pailfs::s3 {

/// The properties of one request that the plan depends on.
struct PayloadCase {
  bool tls = true;
  bool v4 = true;            ///< Signature Version 4
  bool keys = true;          ///< false: nothing is signed at all
  bool always_sign = false;  ///< wish of the user: signed_payload
  bool md5 = false;          ///< wish of the user: enable_content_md5
  bool has_body = false;     ///< bytes of an object or a part
  bool may_checksum = true;
  bool bound =
      false;  ///< part of an upload that was begun with checksums: S3 wants them to the end
};

enum class Support { unknown, works, refused };
/// The service's support of both, as its replies have shown so far.
struct PayloadSupport {
  Support checksum = Support::unknown;       ///< works: it has replied with the same checksum
  Support unsigned_body = Support::unknown;  ///< works: it has stored an object that was sent so
};

struct PayloadPlan {
  bool sign = false;      ///< SHA-256 of the body in the signature
  bool checksum = false;  ///< CRC-32C of the body, or headers for an upload with such parts
  bool md5 = false;       ///< Content-MD5
  friend bool operator==(const PayloadPlan&, const PayloadPlan&) = default;
};

PayloadPlan plan_payload(const PayloadCase& request, const PayloadSupport& support);

/// The plan for another attempt after a refusal that may be due to the plan; nothing if it cannot
/// be. First the checksum is left out, then the body is signed.
std::optional<PayloadPlan> plainer_payload(const PayloadPlan& refused, const PayloadCase& request,
                                           const PayloadSupport& support, const Error& error);

/// The header's value for that CRC-32C: base64 of its bytes, the highest first.
std::string checksum_text(std::uint32_t crc);

inline constexpr std::string_view kChecksumHeader = "x-amz-checksum-crc32c";
inline constexpr std::string_view kChecksumAlgorithm = "CRC32C";

}  // namespace pailfs::s3
