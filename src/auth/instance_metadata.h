// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "key_service.h"

namespace pailfs::auth {

/// Letters, digits and "_+=,.@-", 1 to 64 of them (IAM, CreateRole).
bool is_role_name(std::string_view name);

/// Reads the credentials document of `role`. AccessKeyId, SecretAccessKey, Token and Expiration
/// must be there and well formed; other members are ignored, except a Code that is not "Success".
/// The error is ENOKEY and never shows a value but that Code.
Result<Credentials> parse_role_credentials(std::string_view document, const std::string& role);

/// Asks the instance metadata service, each time from the beginning: a session token (version 2),
/// the name of the role unless one was given, its credentials. A request during which nothing moves
/// for `stall_limit` has no answer. Redirects count as refusals, answers are bounded. Every error
/// is ENOKEY, so that starting a mount ends as "no credentials". Any thread may call it.
class InstanceMetadata final {
 public:
  struct Settings {
    std::string endpoint = "http://169.254.169.254";  ///< scheme://host[:port]
    std::string role;                                 ///< empty: the one that the instance has
    bool version1 = false;                            ///< no session token (imdsv1only)
    std::chrono::milliseconds stall_limit{1000};
    int tries = 2;  ///< of a request without an answer, in all
  };

  InstanceMetadata(Settings settings, http::Transport& transport, const Clock& clock)
      : settings_(std::move(settings)), transport_(transport), clock_(clock) {}

  /// `expires` is told by this machine's clock, also when that is wrong and the service's is right.
  Result<Credentials> fetch() const;

 private:
  [[nodiscard]] Result<KeyReply> ask(http::Method method, const std::string& path,
                                     http::Header header) const;
  [[nodiscard]] Result<Secret> session_token() const;
  [[nodiscard]] Result<std::string> role_name(const http::Header& session) const;
  [[nodiscard]] Error refusal(int status, const std::string& what) const;

  const Settings settings_;
  http::Transport& transport_;
  const Clock& clock_;
};

}  // namespace pailfs::auth
