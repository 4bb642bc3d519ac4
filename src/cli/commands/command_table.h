// SPDX-License-Identifier: Apache-2.0
// The small commands, `pailfs list` and the like: the one table from which the parser, --help, the
// manual page and the shell completions know them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// A switch of one command and the field of Command that it sets.
struct CommandSwitch {
  std::string_view name;   ///< "--json"
  std::string_view value;  ///< the VALUE word; empty: none follows
  std::string_view help;   ///< for the completions and the help on the command
  std::variant<bool Command::*, std::optional<std::chrono::seconds> Command::*,
               std::optional<std::string> Command::*>
      at;
  std::string_view brief = {};  ///< "-l": a second spelling
};

/// The kind of thing that the words of a command name; read_command() uses it to recognise the
/// command.
enum class About { nothing, one_mount, mounts, paths, bucket, topic };

struct CommandSpec {
  std::string_view name;
  std::string_view synopsis;  ///< the words after the name; those in capitals stand for a value
  About about;
  std::vector<CommandSwitch> switches;
  std::string_view summary;  ///< for --help and the completions
  std::string_view manual;   ///< its paragraph of the manual page, in roff
  /// Carries out a command without an error. Writes to stdout and stderr; returns the exit status.
  /// Null where `prints` says what is to be printed.
  int (*run)(const Command& command, const Environment& environment);
  std::optional<Action> prints = std::nullopt;  ///< of help and version
};

/// All commands in the order in which they are shown. Lives as long as the program.
const std::vector<CommandSpec>& command_table();

/// The row of that name, or null: then the word is a bucket.
const CommandSpec* find_command(std::string_view name);

}  // namespace pailfs::cli
