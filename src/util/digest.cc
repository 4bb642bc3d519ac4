// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/digest.h"

#include <array>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pailfs {
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

}  // namespace

void RunningDigest::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

RunningDigest::RunningDigest(Digest kind) : context_(EVP_MD_CTX_new()) {
  if (context_ && EVP_DigestInit_ex(context_.get(), algorithm(kind), nullptr) != 1) {
    context_.reset();
  }
}

void RunningDigest::add(std::string_view bytes) {
  if (context_) EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string RunningDigest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  if (!context_ || EVP_DigestFinal_ex(context_.get(), out.data(), &length) != 1) return {};
  return {out.begin(), out.begin() + length};
}

std::string digest(Digest kind, std::string_view bytes) {
  RunningDigest running(kind);
  running.add(bytes);
  return running.finish();
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

}  // namespace pailfs
