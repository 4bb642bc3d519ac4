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

namespace pailfs::auth {

/// A value: a string that must not be shown. No stream operator, wiped when dropped.
class Secret final {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();
  /// The only access. Callers put the result into a signature or a header, never into text.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

struct Credentials {
  std::string access_key;  ///< empty: requests are not signed
  Secret secret_key;
  Secret session_token;  ///< empty for long-lived keys
  std::string
      source;  ///< where the keys came from, for messages: "/home/u/.passwd-s3fs", "environment"
  /// End of the keys by this machine's clock; none: they last until they are changed at their
  /// source.
  std::optional<WallTime> expires = {};
  /// An OAuth 2.0 access token, which requests carry instead of a signature. There is no access key
  /// beside it.
  Secret bearer = {};
  bool google =
      false;  ///< a token of Google's, beside which headers are x-goog-... (google_headers.h)

  /// True when requests say nothing of who sends them: a public bucket.
  [[nodiscard]] bool anonymous() const { return access_key.empty() && bearer.empty(); }
};

/// True if requests with either are alike.
bool same_keys(const Credentials& a, const Credentials& b);

/// Hands out credentials. Any thread may call any member; threads that need a refresh at the same
/// time share one.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual Result<Credentials> get() = 0;
  /// Looks again at the place that the keys came from, because the store refused `used`. True if it
  /// has other keys now; those are on trial until accepted().
  virtual bool refresh(const Credentials& used) = 0;
  /// Whether refresh(used) would lead to other keys. A caller that is not sure whether a refusal is
  /// about the keys asks the store once more before it gives up keys that may still work.
  virtual bool has_others(const Credentials& /*used*/) { return false; }
  /// Tells that the store carried out a request signed with `used`.
  virtual void accepted(const Credentials& /*used*/) {}
  /// Tells that the keys may have changed: the next get() looks again at the place that they came
  /// from. Returns at once.
  virtual void reload() {}
};

/// Where tokens of Google's may be had. They are sent to Google's hosts and to this machine only.
enum class GoogleTokens {
  forbidden,  ///< the bucket is another service's
  named,      ///< the bucket is on this machine: for an account that passwd_file names
  searched,   ///< the bucket is Google's: for one that Google's own programs would find
};

/// Everything that the search for credentials depends on, gathered by the caller so that a test can
/// set it.
struct CredentialConfig {
  std::string bucket;
  bool public_bucket = false;
  std::string passwd_file;  ///< option passwd_file=, empty if not given
  std::string profile = "default";
  bool profile_given = false;
  bool use_session_token = false;
  /// Option iam_role: "auto" or empty for the role that the EC2 instance has, else the name of one.
  std::optional<std::string> iam_role;
  bool imdsv1only = false;    ///< ask the metadata service without a session token
  bool ecs = false;           ///< only the endpoint of the container
  bool ibm_iam_auth = false;  ///< the keys found are SERVICE_INSTANCE_ID:API_KEY of IBM's cloud
  std::string ibm_iam_endpoint = "https://iam.cloud.ibm.com";  ///< where tokens are given for it
  GoogleTokens google = GoogleTokens::forbidden;
  /// HOME, the AWS* variables, and those in which Google's programs look for an account.
  std::map<std::string, std::string> environment;
  std::string home;    ///< home directory from the password database
  std::string region;  ///< for STS, where neither the environment nor a profile names one
  std::string system_passwd_file = "/etc/passwd-s3fs";
  std::string home_passwd_file = "/.passwd-s3fs";  ///< below the home directory
  /// Absolute, or empty. A file below it is read once: afterwards the mount would wait for itself.
  std::string mountpoint;

  /// One of `environment`. Empty counts as unset, because `docker run -e NAME=` sets a variable
  /// without a value.
  [[nodiscard]] std::string variable(const std::string& name) const;
};

/// The ways to services that hand out keys. Both must outlive the source.
struct KeyTransports {
  http::Transport& local;   ///< plain http allowed, no proxy: addresses of this machine's own link
  http::Transport& remote;  ///< https only, through the proxies of the environment
};

struct FoundCredentials {
  std::unique_ptr<CredentialSource> source;
  /// Set when no place had keys: `source` then signs nothing, and the error (ENOKEY) names each
  /// place and why it had none. A bucket may still be public.
  std::optional<Error> none;
};

/// The region of the profile that is meant (option, AWS_PROFILE, default), from ~/.aws/credentials
/// and ~/.aws/config; empty when neither names one. Reads files; trouble with them is no region.
std::string profile_region(const CredentialConfig& config);

/// Searches in s3fs's order: public_bucket, passwd_file, environment, AWS_CREDENTIAL_FILE,
/// ~/.aws/credentials (below $HOME if it is there, else in the home of the password database),
/// $HOME/.passwd-s3fs (likewise when HOME is unset), /etc/passwd-s3fs; then places that s3fs does
/// not know: the rest of ~/.aws/credentials and ~/.aws/config (a profile that is named by the
/// option or by AWS_PROFILE is read whole in s3fs's place for it), web identity, container
/// endpoint, EC2 instance metadata. First found wins; a source that is named but unusable is an
/// error, not a miss. `ecs` and `iam_role` look at one place only; failing that ENOKEY. With
/// `ibm_iam_auth` the places that s3fs knows are searched for an API key; the source hands out the
/// bearer tokens that IBM gives for it.
///
/// A password file may be one of Google's instead (JSON): a service account or an authorized_user.
/// Where `google` says so, GOOGLE_APPLICATION_CREDENTIALS is looked at after the keys in the
/// environment, and in the end the default account of gcloud and the metadata server, instead of
/// web identity, container and EC2 instance.
///
/// Sources other than the environment are asked again: 5 minutes before keys expire, when the store
/// refuses the keys, and once a second when a file with keys that expire has changed. Keys that
/// work and do not expire stay, even if their file changes. The address of the instance metadata
/// service is fixed (169.254.169.254) unless AWS_EC2_METADATA_SERVICE_ENDPOINT names another, as
/// for Amazon's SDKs. `clock` must outlive the source.
Result<FoundCredentials> find_credentials(const CredentialConfig& config,
                                          const KeyTransports& transports, const Clock& clock);

}  // namespace pailfs::auth
