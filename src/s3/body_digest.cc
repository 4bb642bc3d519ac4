// SPDX-License-Identifier: Apache-2.0
#include "body_digest.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "pailfs/util/crc32c.h"

namespace pailfs::s3 {
namespace {

Error refused_algorithm() {
  return {EIO, "OpenSSL refuses the hash algorithm"};
}

template <class Take>
Status for_each_piece(ByteSource& body, const Take& take) {
  // Small enough to be still in the processor's cache when it is hashed, and to be memory that was
  // used before: fresh pages cost as much as the hash.
  std::vector<char> buffer(std::min<std::uint64_t>(body.size(), std::size_t{64} << 10U));
  std::uint64_t offset = 0;
  while (offset < body.size()) {
    const Result<std::size_t> got = body.show(offset, buffer, [&](std::span<const char> bytes) {
      take(std::string_view(bytes.data(), bytes.size()));
    });
    if (!got) return got.error();
    if (*got == 0) return Error{EIO, "the data to be stored ended before its announced size"};
    offset += *got;
  }
  return {};
}

}  // namespace

Result<std::string> digest(Digest kind, ByteSource& body) {
  RunningDigest running(kind);
  if (!running.ok()) return refused_algorithm();
  const Status read = for_each_piece(body, [&](std::string_view piece) { running.add(piece); });
  if (!read) return read.error();
  return running.finish();
}

Result<BodyDigests> digest_body(BodyDigests wanted, ByteSource& body) {
  std::optional<RunningDigest> sha256;
  std::optional<RunningDigest> md5;
  if (wanted.want_sha256) sha256.emplace(Digest::sha256);
  if (wanted.want_md5) md5.emplace(Digest::md5);
  if ((sha256 && !sha256->ok()) || (md5 && !md5->ok())) return refused_algorithm();
  const Status read = for_each_piece(body, [&](std::string_view piece) {
    if (sha256) sha256->add(piece);
    if (md5) md5->add(piece);
    if (wanted.want_crc32c) wanted.crc32c = crc32c(piece, wanted.crc32c);
  });
  if (!read) return read.error();
  if (sha256) wanted.sha256 = sha256->finish();
  if (md5) wanted.md5 = md5->finish();
  return wanted;
}

}  // namespace pailfs::s3
