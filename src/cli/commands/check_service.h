// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/curl_transport.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/clock.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// The parts that a check works with; they are made as for a mount.
struct CheckParts {
  http::Transport& transport;
  auth::CredentialSource& credentials;
  s3::Client& client;
  const Clock& clock;
  Random& random;
};

/// One step of a check.
struct CheckStep {
  enum class Result { ok, warning, failed } result = Result::ok;
  std::string_view name;  ///< "dns", "tcp", ...; as long as check_service() has told of it
  std::string text;       ///< mostly its time, or what is wrong
};

/// For a person: one line.
std::string check_line(const CheckStep& step);
/// "ok", "warning" or "failed".
std::string_view word_of(CheckStep::Result result);

/// Goes the way of a mount step by step and tells of each, with its time: DNS, TCP, TLS, clock,
/// credentials and listing, first byte of the first object, and with `write` put and delete of an
/// object of a new name. Stops at the first step that fails. Returns the status that the mount
/// would exit with.
int check_service(const Options& options, bool write, const CheckParts& parts,
                  const std::function<void(const CheckStep&)>& tell);

}  // namespace pailfs::cli
