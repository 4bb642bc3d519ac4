// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <zlib.h>

#include <cstring>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace s3d {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Slicing-by-8 tables of a reflected CRC; both polynomials S3 uses beyond zlib's are reflected.
template <typename Word, Word kPolynomial>
struct CrcTable {
  std::array<std::array<Word, 256>, 8> slices{};

  constexpr CrcTable() {
    for (unsigned i = 0; i < 256; ++i) {
      Word crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) ? (crc >> 1) ^ kPolynomial : crc >> 1;
      slices[0][i] = crc;
    }
    for (unsigned i = 0; i < 256; ++i)
      for (std::size_t s = 1; s < 8; ++s)
        slices[s][i] = (slices[s - 1][i] >> 8) ^ slices[0][slices[s - 1][i] & 255];
  }

  Word update(Word crc, std::string_view bytes) const {
    crc = static_cast<Word>(~crc);
    while (bytes.size() >= 8) {
      std::uint64_t block;
      std::memcpy(&block, bytes.data(), 8);
      block ^= crc;
      Word next = 0;
      for (std::size_t i = 0; i < 8; ++i) next ^= slices[7 - i][block >> (8 * i) & 255];
      crc = next;
      bytes.remove_prefix(8);
    }
    for (char c : bytes) crc = (crc >> 8) ^ slices[0][(crc ^ static_cast<unsigned char>(c)) & 255];
    return static_cast<Word>(~crc);
  }
};

const CrcTable<std::uint32_t, 0x82f63b78U>& crc32c_table() {
  static const CrcTable<std::uint32_t, 0x82f63b78U> table;
  return table;
}

const CrcTable<std::uint64_t, 0x9a6c9329ac4bc9b5ULL>& crc64_table() {
  static const CrcTable<std::uint64_t, 0x9a6c9329ac4bc9b5ULL> table;
  return table;
}

/// Fetched once: the implicit fetch of EVP_md5() costs more than hashing a small request.
const EVP_MD* algorithm(HashKind kind) {
  static const EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static const EVP_MD* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (kind == HashKind::kMd5) return md5;
  return kind == HashKind::kSha1 ? sha1 : sha256;
}

bool is_crc(HashKind kind) {
  return kind == HashKind::kCrc32 || kind == HashKind::kCrc32c || kind == HashKind::kCrc64Nvme;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

/// RFC 2104 over 64-byte blocks. OpenSSL's own HMAC() looks its algorithm up at each call, which
/// would be a tenth of the cost of a small request.
std::string hmac(HashKind kind, std::string_view key, std::string_view bytes) {
  constexpr std::size_t kBlock = 64;
  std::string padded(key.size() > kBlock ? hash_of(kind, key) : std::string(key));
  padded.resize(kBlock, '\0');
  std::string inner = padded;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : padded) c = static_cast<char>(c ^ 0x5c);
  inner += bytes;
  padded += hash_of(kind, inner);
  return hash_of(kind, padded);
}

}  // namespace

std::optional<HashKind> checksum_kind(std::string_view name) {
  if (name == "crc32") return HashKind::kCrc32;
  if (name == "crc32c") return HashKind::kCrc32c;
  if (name == "crc64nvme") return HashKind::kCrc64Nvme;
  if (name == "sha1") return HashKind::kSha1;
  if (name == "sha256") return HashKind::kSha256;
  return std::nullopt;
}

void Hash::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Hash::Hash(HashKind kind) : kind_(kind) {
  if (is_crc(kind)) return;
  context_.reset(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context_.get(), algorithm(kind), nullptr);
}

void Hash::update(std::string_view bytes) {
  switch (kind_) {
    case HashKind::kCrc32:
      crc_ = crc32_z(crc_, bytes_of(bytes), bytes.size());
      break;
    case HashKind::kCrc32c:
      crc_ = crc32c_table().update(static_cast<std::uint32_t>(crc_), bytes);
      break;
    case HashKind::kCrc64Nvme:
      crc_ = crc64_table().update(crc_, bytes);
      break;
    default:
      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
}

std::string Hash::finish() {
  if (is_crc(kind_)) return big_endian(crc_, kind_ == HashKind::kCrc64Nvme ? 8 : 4);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context_.get(), out, &size);
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string hash_of(HashKind kind, std::string_view bytes) {
  if (!is_crc(kind)) {
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestInit_ex(context.get(), algorithm(kind), nullptr);
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context.get(), out, &size);
    return std::string(reinterpret_cast<const char*>(out), size);
  }
  Hash hash(kind);
  hash.update(bytes);
  return hash.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  return hmac(HashKind::kSha256, key, bytes);
}

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
  return hmac(HashKind::kSha1, key, bytes);
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count));
  return out;
}

}  // namespace s3d
