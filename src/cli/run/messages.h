// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/options/options.h"
#include "cli/options/parse.h"

namespace pailfs::cli {

/// "pailfs: TEXT" on standard error, in one write: a reader sees the whole line or nothing of it.
void say(const std::string& text);

/// say(). Returns the status to exit with.
int complain(const std::string& text, Exit code);

/// say(), and a warning in the log where that is not the terminal: about a mount that will work,
/// but maybe not as it was meant.
void tell(const Options& options, const std::string& text);

/// The log is what the caller of the program sees anyway.
bool log_is_terminal(const Options& options);

/// "s3://BUCKET/PREFIX", as messages name what is mounted.
std::string bucket_name(const Options& options);

}  // namespace pailfs::cli
