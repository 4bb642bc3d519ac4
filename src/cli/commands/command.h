// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pailfs::cli {

struct CommandSpec;

/// One command line that is a command, as read_command() understood it.
struct Command {
  const CommandSpec* spec = nullptr;  ///< its row of the table; lives as long as the program
  bool json = false;
  bool watch = false;
  bool write = false;
  std::optional<std::chrono::seconds> timeout;
  std::optional<std::string> forget;  ///< of conflicts: a name
  std::string mountpoint;             ///< as typed; empty: all mounts
  /// Of check: BUCKET and the options of its mount. Of refresh: the paths, as typed.
  std::vector<std::string> arguments;
  std::string error;  ///< not empty: the fault of the command line, in one line
};

}  // namespace pailfs::cli
