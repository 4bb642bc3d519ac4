// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pailfs/http/transport.h"

namespace pailfs::s3 {

/// A request and the body that belongs to it. Object and part bodies come from elsewhere.
struct Built {
  http::Request request;
  std::optional<std::string> body;
};

/// Checksums that vouch for the bytes of a body, as header values; empty: not sent.
struct BodySums {
  std::string md5;     ///< base64
  std::string crc32c;  ///< checksum_text()
  /// create, complete: the parts have a CRC-32C each.
  bool parts_have_checksums = false;
};

}  // namespace pailfs::s3
