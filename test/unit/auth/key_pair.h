// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace pailfs::test {

/// A fresh pair of keys, as services and programs make them; shares no code with auth/private_key.
class KeyPair final {
 public:
  enum class Kind { rsa, p256, p384 };
  explicit KeyPair(Kind kind);

  [[nodiscard]] std::string pem() const;  ///< of the private half
  [[nodiscard]] std::string pem_with_pass_phrase() const;
  [[nodiscard]] std::string public_pem() const;
  /// Whether the private half has signed it: RS256, ES256.
  [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  Kind kind_;
  std::unique_ptr<evp_pkey_st, Free> key_;
};

std::string from_base64url(std::string text);

}  // namespace pailfs::test
