// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "cli/options/parse.h"
#include "fuzz_input.h"

namespace {

/// Words are lines of the input.
void check(std::string_view text) {
  std::vector<std::string> argv = {"pailfs"};
  for (std::string& word : pailfs::split(text, '\n')) argv.push_back(std::move(word));
  const auto line = pailfs::cli::parse_command_line(argv, {});
  hold(line.error.find('\n') == std::string::npos);
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
