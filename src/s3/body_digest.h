// SPDX-License-Identifier: Apache-2.0
// Hashes of request bodies, which are read in pieces. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "pailfs/http/transport.h"
#include "pailfs/util/digest.h"

namespace pailfs::s3 {

/// The hashes to compute of a body, and their values.
struct BodyDigests {
  bool want_sha256 = false;
  bool want_md5 = false;
  bool want_crc32c = false;
  std::string sha256;
  std::string md5;
  std::uint32_t crc32c = 0;
};

/// Computes the wanted hashes in one pass over the body; failures as below.
Result<BodyDigests> digest_body(BodyDigests wanted, ByteSource& body);

/// Hash of everything a body source holds, read once from its start; the source's error if it
/// cannot be read, EIO if it ends before its size().
Result<std::string> digest(Digest kind, ByteSource& body);

}  // namespace pailfs::s3
