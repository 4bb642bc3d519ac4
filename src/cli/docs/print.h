// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/options/options.h"

namespace pailfs::cli {

/// What there is to say of a topic (help.h), on stdout. Returns the status to exit with, after a
/// complaint about an unknown topic.
int print_help_on(const std::string& topic);

/// --help, --version and --generate, as `action` and `topic` of the options say, on stdout. Returns
/// the status to exit with, after a complaint about an unknown topic.
int print_documentation(const Options& options);

}  // namespace pailfs::cli
