// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <array>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

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

}  // namespace

std::string digest(Digest kind, std::string_view bytes) {
  const Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), algorithm(kind), nullptr) != 1) return {};
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
  const Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), algorithm(kind), nullptr) != 1)
    return Error{EIO, "OpenSSL refuses the hash algorithm"};
  std::vector<char> buffer(std::size_t{256} << 10U);
  std::uint64_t offset = 0;
  while (offset < body.size()) {
    const Result<std::size_t> got = body.read(offset, buffer);
    if (!got) return got.error();
    if (*got == 0) return Error{EIO, "the data to be stored ended before its announced size"};
    EVP_DigestUpdate(context.get(), buffer.data(), *got);
    offset += *got;
  }
  return finish(context);
}

}  // namespace pailfs::s3
