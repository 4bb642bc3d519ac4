// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/options/options.h"

namespace pailfs::cli {

/// Facts about the start of the process that the log needs.
struct Launch {
  std::string line;            ///< the command line without secrets, see launch_line()
  std::string journal_stream;  ///< JOURNAL_STREAM, see log_facts()
};

Launch describe_launch(const std::vector<std::string>& argv, const Environment& environment);

/// The variables of the form NAME=VALUE among `variables`, which ends with a null pointer.
Environment read_environment(const char* const* variables);

}  // namespace pailfs::cli
