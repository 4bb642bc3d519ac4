// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <iostream>
#include <string>
#include <vector>

#include "pailfs/util/log.h"

#include "check_service.h"
#include "cli/options/parse.h"
#include "cli/run/preparation.h"
#include "cli/run/service.h"
#include "cli/run/start_failure.h"

namespace pailfs::cli {

int run_check(const Command& command, const Environment& environment) {
  std::vector<std::string> argv = {"pailfs"};
  argv.insert(argv.end(), command.arguments.begin(), command.arguments.end());
  argv.emplace_back("/");  // the parser wants a mountpoint
  CommandLine line = parse_command_line(argv, environment);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  if (const auto refused = prepare(line)) return *refused;
  const Options& options = line.options;
  log::set_level(options.log_level);
  Service service;
  if (const auto refused = service.open(options)) {
    failed(options, *refused);
    return complain(line, *refused);
  }
  return check_service(options, command.write,
                       {service.transport(), service.keys().source(), service.client(),
                        service.clock(), service.random()},
                       std::cout);
}

}  // namespace pailfs::cli
