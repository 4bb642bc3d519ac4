// SPDX-License-Identifier: Apache-2.0
// The parts of help, manual page and completions that describe the commands, made from their table.
// Pure.
#pragma once

#include <string>

#include "cli/commands/command_table.h"

namespace pailfs::cli {

/// For --help: a line or two for each command, with its synopsis and summary.
std::string command_help();
/// For the help on one screen: a line for each command, with its summary.
std::string command_list();
/// For `pailfs COMMAND --help`: usage, switches, and its paragraph of the manual page as text.
std::string help_on_command(const CommandSpec& spec);

/// For the manual page, in roff and without the last line end: the lines of SYNOPSIS, and the
/// paragraphs of COMMANDS.
std::string command_synopses();
std::string command_paragraphs();

/// For the shells: all names separated by blanks, and code that completes the second word.
std::string command_names();
std::string bash_command_cases();  ///< branches of a case on the name, which set `words`
std::string zsh_command_list();    ///< elements of an array 'name:summary'
std::string zsh_command_cases();   ///< branches of a case on the name, which add to `switches`
std::string fish_commands();       ///< lines of complete(1)

}  // namespace pailfs::cli
