// SPDX-License-Identifier: Apache-2.0
/// Hashes and checksums of S3: MD5, SHA-1, SHA-256 and HMAC from OpenSSL, CRC-32 from zlib,
/// CRC-32C and CRC-64/NVME from tables. Results are raw big-endian bytes; see hex() and base64().
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace s3d {

enum class HashKind { kMd5, kSha1, kSha256, kCrc32, kCrc32c, kCrc64Nvme };

/// The kind behind the tail of `x-amz-checksum-…` ("crc32c"), nullopt when unknown.
std::optional<HashKind> checksum_kind(std::string_view name);

/// One running hash. Not thread-safe; finish() ends its life.
class Hash {
 public:
  explicit Hash(HashKind kind);
  void update(std::string_view bytes);
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  HashKind kind_;
  std::uint64_t crc_ = 0;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string hash_of(HashKind kind, std::string_view bytes);
inline std::string md5(std::string_view bytes) {
  return hash_of(HashKind::kMd5, bytes);
}
inline std::string sha256(std::string_view bytes) {
  return hash_of(HashKind::kSha256, bytes);
}
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string hmac_sha1(std::string_view key, std::string_view bytes);
std::string random_bytes(std::size_t count);

}  // namespace s3d
