// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

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

/// Goes the way of a mount step by step and writes a line for each, with its time: DNS, TCP, TLS,
/// clock, credentials and listing, first byte of the first object, and with `write` put and delete
/// of an object of a new name. Stops at the first step that fails. Returns the status that the
/// mount would exit with.
int check_service(const Options& options, bool write, const CheckParts& parts, std::ostream& out);

}  // namespace pailfs::cli
