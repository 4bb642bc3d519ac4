// SPDX-License-Identifier: Apache-2.0
// credential_process of a profile: a program that prints keys. Source: "Sourcing credentials with
// an external process" in the AWS CLI user guide.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::auth {

/// The words of a command line, as the AWS CLI splits it: blanks separate; '...' and "..." keep
/// them; a backslash outside '...' takes the next character as it is. No shell, so nothing is
/// expanded. EINVAL: a quote without its end, or no word at all. Pure.
Result<std::vector<std::string>> split_command(std::string_view line);

/// Runs the command without a shell and reads its standard output: JSON of Version 1. It gets our
/// environment with `environment` put back into it (main() wipes those variables from ours, but
/// variables such as AWS_CONFIG_FILE or a vault's address are meant for the command too), no
/// descriptor but /dev/null, a pipe and our standard error, and default signals. After `limit` it
/// is killed with all it has started. ENOKEY; output is never shown.
Result<Credentials> run_credential_process(const std::string& command,
                                           const std::map<std::string, std::string>& environment,
                                           std::chrono::milliseconds limit,
                                           const std::string& source);

}  // namespace pailfs::auth
