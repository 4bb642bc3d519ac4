// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::http {
class Transport;
}  // namespace pailfs::http

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
  /// By this machine's clock; none: they last until somebody changes them.
  std::optional<WallTime> expires = {};
};

/// True if requests signed with either are alike.
bool same_keys(const Credentials& a, const Credentials& b);

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
  /// Option iam_role: "auto" or empty for the role that the EC2 instance has, else the name of one.
  std::optional<std::string> iam_role;
  bool imdsv1only = false;  ///< ask the metadata service without a session token
  std::map<std::string, std::string> environment;  ///< the AWS* and HOME variables
  std::string home;                                ///< home directory from the password database
  std::string system_passwd_file = "/etc/passwd-s3fs";
};

/// Searches in s3fs's order: public_bucket, passwd_file, environment, AWS_CREDENTIAL_FILE,
/// ~/.aws/credentials, $HOME/.passwd-s3fs (home of the password database when HOME is unset),
/// /etc/passwd-s3fs. First found wins; a source that is named but unusable is an error, not a miss.
/// Nothing found: ENOKEY, with a text that lists every place looked at. Knows nothing of iam_role.
Result<std::unique_ptr<CredentialSource>> find_credentials(const CredentialConfig& config);

/// The credentials of an EC2 instance role, from the instance metadata service: version 2, version
/// 1 only with `imdsv1only`. As in s3fs no other place is looked at. Asks before it returns;
/// failing that ENOKEY. New ones are asked for 5 minutes before the old ones expire. The address is
/// fixed (169.254.169.254) unless AWS_EC2_METADATA_SERVICE_ENDPOINT names another, as for Amazon's
/// SDKs. `transport` must speak plain http and bypass proxies; it and `clock` must outlive the
/// source.
Result<std::unique_ptr<CredentialSource>> make_instance_role_source(const CredentialConfig& config,
                                                                    http::Transport& transport,
                                                                    const Clock& clock);

}  // namespace pailfs::s3
