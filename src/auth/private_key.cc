// SPDX-License-Identifier: Apache-2.0
#include "private_key.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

constexpr int kCoordinate = 32;

template <class T, void (*free_it)(T*)>
struct Freer {
  void operator()(T* object) const { free_it(object); }
};
using Number = std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG, ECDSA_SIG_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX, EVP_MD_CTX_free>>;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

/// A key with a pass phrase must not make OpenSSL ask at the terminal.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*user*/) {
  return -1;
}

const unsigned char* bytes_of(std::string_view text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

std::string fixed_width(const BIGNUM* number) {
  std::array<unsigned char, kCoordinate> out{};
  if (BN_bn2binpad(number, out.data(), kCoordinate) != kCoordinate) return {};
  return {out.begin(), out.end()};
}

/// R and S instead of the DER that OpenSSL makes.
Result<std::string> as_pair(const std::string& der) {
  const unsigned char* at = bytes_of(der);
  const EcSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return Error{EINVAL, "the private key does not sign"};
  return fixed_width(ECDSA_SIG_get0_r(signature.get())) +
         fixed_width(ECDSA_SIG_get0_s(signature.get()));
}

}  // namespace

void PrivateKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<PrivateKey> PrivateKey::read(const Secret& pem) {
  const std::string& text = pem.reveal();
  if (text.size() > INT_MAX) return Error{EINVAL, "is too long"};
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PrivateKey key;
  if (bio) key.key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key.key_) return Error{EINVAL, "is not a private key in PEM, without a pass phrase"};
  return key;
}

PrivateKey::Kind PrivateKey::kind() const {
  const int id = EVP_PKEY_get_base_id(key_.get());
  if (id == EVP_PKEY_RSA) return Kind::rsa;
  std::array<char, 64> group{};
  std::size_t size = 0;
  const bool named = id == EVP_PKEY_EC &&
                     EVP_PKEY_get_group_name(key_.get(), group.data(), group.size(), &size) == 1;
  return named && std::string_view(group.data(), size) == "prime256v1" ? Kind::p256 : Kind::other;
}

Result<std::string> PrivateKey::sign(std::string_view text) const {
  if (kind() == Kind::other) return Error{EINVAL, "the private key is neither RSA nor P-256"};
  const Context context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1) {
    return Error{EINVAL, "the private key does not sign"};
  }
  std::string signature(size, '\0');
  auto* const out = static_cast<unsigned char*>(static_cast<void*>(signature.data()));
  if (EVP_DigestSign(context.get(), out, &size, bytes_of(text), text.size()) != 1)
    return Error{EINVAL, "the private key does not sign"};
  signature.resize(size);
  return kind() == Kind::p256 ? as_pair(signature) : Result<std::string>(std::move(signature));
}

Result<PrivateKey::Point> PrivateKey::point() const {
  Point point;
  for (const auto& [name, to] : {std::pair(OSSL_PKEY_PARAM_EC_PUB_X, &point.x),
                                 std::pair(OSSL_PKEY_PARAM_EC_PUB_Y, &point.y)}) {
    BIGNUM* raw = nullptr;
    if (kind() != Kind::p256 || EVP_PKEY_get_bn_param(key_.get(), name, &raw) != 1)
      return Error{EINVAL, "the private key is not of P-256"};
    const Number number(raw);
    *to = fixed_width(number.get());
  }
  return point;
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Result<Secret> sign_web_token(const PrivateKey& key, std::string_view header,
                              std::string_view payload) {
  std::string text = base64url(header) + "." + base64url(payload);
  const auto signature = key.sign(text);
  if (!signature) return signature.error();
  return Secret(text + "." + base64url(*signature));
}

}  // namespace pailfs::auth
