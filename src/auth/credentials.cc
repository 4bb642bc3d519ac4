// SPDX-License-Identifier: Apache-2.0
#include "pailfs/auth/credentials.h"

#include <openssl/crypto.h>

namespace pailfs::auth {

Secret::~Secret() {
  value_.resize(value_.capacity());
  OPENSSL_cleanse(value_.data(), value_.size());
}

std::string CredentialConfig::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

bool same_keys(const Credentials& a, const Credentials& b) {
  return a.access_key == b.access_key && a.secret_key.reveal() == b.secret_key.reveal() &&
         a.session_token.reveal() == b.session_token.reveal() &&
         a.bearer.reveal() == b.bearer.reveal();
}

}  // namespace pailfs::auth
