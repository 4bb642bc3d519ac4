// SPDX-License-Identifier: Apache-2.0
// Reads the command line and hands it on: to a command, to a mount, or to the program's
// documentation.
#include <unistd.h>

#include <string>
#include <vector>

#include "pailfs/util/complaint.h"
#include "pailfs/util/self_contained.h"

#include "cli/commands/command_table.h"
#include "cli/commands/machine_facts.h"
#include "cli/commands/read_command.h"
#include "cli/commands/remount.h"
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

/// `pailfs help [TOPIC]` and `pailfs version` as the switches that print the same.
Options documentation(const Command& command, Action action) {
  Options options;
  options.action = action;
  if (!command.arguments.empty()) {
    options.topic = command.arguments.front();
  } else if (options.action == Action::help_topic) {
    options.action = Action::help;
  }
  return options;
}

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const Environment environment = read_environment(environ);
  const Launch launch = describe_launch(words, environment);
  hide_secrets(argc, argv);
  if (const auto command = read_command(words, this_machine())) {
    if (!command->error.empty()) return complain(command->error, Exit::usage);
    if (command->help) return print_help_on(std::string(command->spec->name));
    if (const auto prints = command->spec->prints)
      return print_documentation(documentation(*command, *prints));
    return command->spec->run(*command, environment);
  }
  CommandLine line = parse_command_line(words, environment);
  if (line.options.log_json) set_complaint_form(ComplaintForm::json);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  if (line.options.remount) {
    const int code = remount(line.options.mount.mountpoint, join_options(line.given), environment);
    return code > 1 && line.mount_helper ? kMountHelperFailure : code;
  }
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
#ifdef PAILFS_STATIC
  pailfs::use_no_plugins();
#endif
  return pailfs::cli::run_command_line(argc, argv);
}
