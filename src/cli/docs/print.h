// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/options.h"

namespace pailfs::cli {

/// --help, --version and --generate, as `action` and `topic` of the options say, on stdout. Returns
/// the status to exit with, after a complaint about an unknown topic.
int print_documentation(const Options& options);

}  // namespace pailfs::cli
