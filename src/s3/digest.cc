// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <algorithm>
#include <array>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "pailfs/util/crc32c.h"

namespace pailfs::s3 {
namespace {

const EVP_MD* algorithm(Digest kind) {
  switch (kind) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      break;
  }
  return EVP_sha256();
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

std::string finish(const Context& context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  // Fails only where policy forbids the algorithm (MD5 under FIPS): the empty digest is then
  // refused by the server, never taken for a right one.
  if (EVP_DigestFinal_ex(context.get(), out.data(), &length) != 1) return {};
  return {out.begin(), out.begin() + length};
}

/// Null where policy forbids the algorithm.
EVP_MD_CTX* start(Digest kind) {
  Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), algorithm(kind), nullptr) != 1) return nullptr;
  return context.release();
}

template <class Take>
Status for_each_piece(http::BodySource& body, const Take& take) {
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

std::string digest(Digest kind, std::string_view bytes) {
  const Context context(start(kind));
  if (!context) return {};
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return finish(context);
}

std::string hmac(Digest kind, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  const std::vector<unsigned char> data(bytes.begin(), bytes.end());
  if (HMAC(algorithm(kind), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
           out.data(), &length) == nullptr)
    return {};
  return {out.begin(), out.begin() + length};
}

Result<std::string> digest(Digest kind, http::BodySource& body) {
  const Context context(start(kind));
  if (!context) return Error{EIO, "OpenSSL refuses the hash algorithm"};
  const Status read = for_each_piece(body, [&](std::string_view piece) {
    EVP_DigestUpdate(context.get(), piece.data(), piece.size());
  });
  if (!read) return read.error();
  return finish(context);
}

Result<BodyDigests> digest_body(BodyDigests wanted, http::BodySource& body) {
  const Context sha256(wanted.want_sha256 ? start(Digest::sha256) : nullptr);
  const Context md5(wanted.want_md5 ? start(Digest::md5) : nullptr);
  if (wanted.want_sha256 != (sha256 != nullptr) || wanted.want_md5 != (md5 != nullptr))
    return Error{EIO, "OpenSSL refuses the hash algorithm"};
  const Status read = for_each_piece(body, [&](std::string_view piece) {
    if (sha256) EVP_DigestUpdate(sha256.get(), piece.data(), piece.size());
    if (md5) EVP_DigestUpdate(md5.get(), piece.data(), piece.size());
    if (wanted.want_crc32c) wanted.crc32c = crc32c(piece, wanted.crc32c);
  });
  if (!read) return read.error();
  if (sha256) wanted.sha256 = finish(sha256);
  if (md5) wanted.md5 = finish(md5);
  return wanted;
}

}  // namespace pailfs::s3
