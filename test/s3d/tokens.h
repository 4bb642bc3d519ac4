// SPDX-License-Identifier: Apache-2.0
/// Bearer tokens in the place of signatures, and an imitation of IBM's IAM, which gives them for an
/// API key. Thread-safe.
#pragma once
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "body.h"
#include "errors.h"
#include "http_message.h"

namespace s3d {

class Tokens {
 public:
  /// From now on tokens are given for this key; empty: none are, and none is taken.
  void set_api_key(std::string key);
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

 private:
  mutable std::mutex mutex_;
  std::string api_key_;
  std::int64_t lifetime_ = 3600;
  std::map<std::string, std::time_t, std::less<>> ends_;
};

}  // namespace s3d
