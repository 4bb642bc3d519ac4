// SPDX-License-Identifier: Apache-2.0
#include "key_pair.h"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "pailfs/util/text.h"

#include "support/catch.h"

namespace pailfs::test {
namespace {

constexpr unsigned kRsaBits = 2048;
const std::string kPassPhrase = "pass";

/// What `write` puts into a BIO.
template <class Write>
std::string written(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  REQUIRE(bio != nullptr);
  REQUIRE(write(bio) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

const unsigned char* bytes_of(std::string_view text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

std::string as_der(std::string_view pair) {
  ECDSA_SIG* const signature = ECDSA_SIG_new();
  const int half = static_cast<int>(pair.size() / 2);
  ECDSA_SIG_set0(signature, BN_bin2bn(bytes_of(pair), half, nullptr),
                 BN_bin2bn(bytes_of(pair.substr(pair.size() / 2)), half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  std::string text(der, der + size);
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return text;
}

}  // namespace

void KeyPair::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

KeyPair::KeyPair(Kind kind) : kind_(kind) {
  key_.reset(kind == Kind::rsa ? EVP_RSA_gen(kRsaBits)
                               : EVP_EC_gen(kind == Kind::p256 ? "P-256" : "P-384"));
  REQUIRE(key_);
}

std::string KeyPair::pem() const {
  return written([this](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string KeyPair::pem_with_pass_phrase() const {
  return written([this](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key_.get(), EVP_aes_128_cbc(), bytes_of(kPassPhrase),
                                    static_cast<int>(kPassPhrase.size()), nullptr, nullptr);
  });
}

std::string KeyPair::public_pem() const {
  return written([this](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

bool KeyPair::verifies(std::string_view text, std::string_view signature) const {
  const std::string form = kind_ == Kind::rsa ? std::string(signature) : as_der(signature);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool right =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context, bytes_of(form), form.size(), bytes_of(text), text.size()) == 1;
  EVP_MD_CTX_free(context);
  return right;
}

std::string from_base64url(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return base64_decode(text).value_or("");
}

}  // namespace pailfs::test
