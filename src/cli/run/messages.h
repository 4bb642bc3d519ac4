// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/options/options.h"
#include "cli/options/parse.h"

namespace pailfs::cli {

/// "pailfs: TEXT" on standard error, in one write: a reader sees the whole line or nothing of it.
void say(const std::string& text);

/// The text as a complaint (util/complaint.h) on standard error. Returns the status to exit with.
int complain(const std::string& text, Exit code);

/// say(), and a warning in the log if that is not the terminal. For mounts that will work, but
/// perhaps not as the user meant.
void tell(const Options& options, const std::string& text);

/// True when the log goes to the terminal, where the user sees it.
bool log_is_terminal(const Options& options);

/// "s3://BUCKET/PREFIX", the name of the mounted bucket in messages.
std::string bucket_name(const Options& options);

}  // namespace pailfs::cli
