// SPDX-License-Identifier: Apache-2.0
/// Bearer tokens in the place of signatures, and imitations of the services that give them: IBM's
/// IAM for an API key, Google's for a service account, and the metadata server of Google's
/// machines; and of IAM Identity Center, which gives keys for a token. Thread-safe.
#pragma once
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "auth.h"
#include "body.h"
#include "errors.h"
#include "google.h"
#include "http_message.h"

namespace s3d {

class Tokens {
 public:
  /// From now on tokens are given for this key; empty: none are, and none is taken.
  void set_api_key(std::string key);
  void set_google_account(GoogleAccount account);
  /// Of tokens that are given from now on.
  void set_lifetime(std::int64_t seconds);
  /// Adds a token that is good until `end`.
  void add(const std::string& token, std::time_t end);
  /// No token is good any more.
  void revoke();
  /// All that were ever given, for a test that looks for them in logs.
  std::vector<std::string> all() const;

  /// Whether any token can be good.
  bool in_use() const;
  /// Whether "Authorization: Bearer TOKEN" names a good one.
  bool accepts(std::string_view authorization, std::time_t now) const;

  /// POST /identity/token, judged as IBM's IAM does.
  Reply give_ibm(const RequestHead& head, const Body& body, std::time_t now);
  /// POST to `url`, judged as Google does.
  Reply give_google(const RequestHead& head, const Body& body, const std::string& url,
                    std::time_t now);
  /// GET of the metadata server: only with its header, and only if there is an account.
  Reply give_machine(const RequestHead& head, std::time_t now);
  /// GetRoleCredentials of IAM Identity Center: `keys`, for a token that is good.
  Reply give_role(const RequestHead& head, const Credentials& keys, std::time_t now) const;

 private:
  Reply google_token(std::time_t now);
  mutable std::mutex mutex_;
  std::string api_key_;
  GoogleAccount account_;
  std::int64_t lifetime_ = 3600;
  std::map<std::string, std::time_t, std::less<>> ends_;
};

}  // namespace s3d
