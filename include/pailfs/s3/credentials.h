// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::s3 {

/// A string that must not be shown: no stream operator, wiped when dropped.
class Secret final {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();
  /// The only way in; what it returns goes into a signature or a header, never into text.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

struct Credentials {
  std::string access_key;  ///< empty: requests are not signed (public bucket)
  Secret secret_key;
  Secret session_token;  ///< empty for long-lived keys
  std::string
      source;  ///< where they came from, for messages: "/home/u/.passwd-s3fs", "environment"
};

/// Hands out credentials. Any thread may call it; a refresh happens once, whoever asks.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual Result<Credentials> get() = 0;
  /// The store refused `used`: looks again at where they came from. True if there are others now.
  virtual bool refresh(const Credentials& used) = 0;
};

/// What the search for credentials depends on, gathered by the caller so that a test can set it.
struct CredentialConfig {
  std::string bucket;
  bool public_bucket = false;
  std::string passwd_file;  ///< option passwd_file=, empty if not given
  std::string profile = "default";
  bool profile_given = false;
  bool use_session_token = false;
  std::map<std::string, std::string> environment;  ///< the AWS* and HOME variables
  std::string home;                                ///< home directory from the password database
  std::string system_passwd_file = "/etc/passwd-s3fs";
};

/// Searches in s3fs's order: public_bucket, passwd_file, environment, AWS_CREDENTIAL_FILE,
/// ~/.aws/credentials, $HOME/.passwd-s3fs (home of the password database when HOME is unset),
/// /etc/passwd-s3fs. First found wins; a source that is named but unusable is an error, not a miss.
/// Nothing found: an error that lists every place looked at.
Result<std::unique_ptr<CredentialSource>> find_credentials(const CredentialConfig& config);

}  // namespace pailfs::s3
