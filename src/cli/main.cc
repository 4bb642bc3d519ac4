// SPDX-License-Identifier: Apache-2.0
// Reads the command line and hands it on: to a command, to a mount, or to the program's
// documentation.
#include <unistd.h>

#include <string>
#include <vector>

#include "cli/commands/command_table.h"
#include "cli/commands/read_command.h"
#include "cli/commands/uploads_run.h"
#include "cli/docs/print.h"
#include "cli/options/hide_secrets.h"
#include "cli/options/parse.h"
#include "cli/run/launch.h"
#include "cli/run/messages.h"
#include "cli/run/mount_start.h"
#include "cli/run/start_failure.h"

namespace pailfs::cli {
namespace {

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const Environment environment = read_environment(environ);
  const Launch launch = describe_launch(words, environment);
  hide_secrets(argc, argv);
  if (const auto command = read_command(words, this_machine())) {
    if (!command->error.empty()) return complain(command->error, Exit::usage);
    return command->spec->run(*command, environment);
  }
  CommandLine line = parse_command_line(words, environment);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  switch (line.options.action) {
    case Action::mount:
      return start_mount(line, launch);
    case Action::list_uploads:
    case Action::abort_uploads:
      return run_on_uploads(line, launch);
    case Action::help:
    case Action::help_topic:
    case Action::version:
    case Action::generate:
      break;
  }
  return print_documentation(line.options);
}

}  // namespace
}  // namespace pailfs::cli

int main(int argc, char** argv) {
  return pailfs::cli::run_command_line(argc, argv);
}
