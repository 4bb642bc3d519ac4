// SPDX-License-Identifier: Apache-2.0
#include "launch.h"

#include "cli/options/hide_secrets.h"

namespace pailfs::cli {

Launch describe_launch(const std::vector<std::string>& argv, const Environment& environment) {
  const auto stream = environment.find("JOURNAL_STREAM");
  return {launch_line(argv), stream == environment.end() ? std::string() : stream->second};
}

Environment read_environment(const char* const* variables) {
  Environment result;
  for (; *variables != nullptr; ++variables) {
    const std::string text(*variables);
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

}  // namespace pailfs::cli
