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
  const CommandSpec* spec = nullptr;  ///< its row of the table; null for a mistyped command
  bool json = false;
  bool watch = false;
  bool write = false;
  bool lazy = false;   ///< of umount: also while files are open
  bool force = false;  ///< of umount: also when something cannot be stored
  std::optional<std::chrono::seconds> timeout;
  std::optional<std::string> forget;   ///< of conflicts: a name
  std::optional<std::string> options;  ///< of remount: the value of -o
  std::optional<std::string> jobs;     ///< of warm: how many files side by side
  bool attributes = false;             ///< of warm: no bytes
  std::string mountpoint;              ///< as typed; empty: all mounts
  /// Of check: BUCKET and the options of its mount. Of refresh and warm: the paths, as typed.
  std::vector<std::string> arguments;
  bool help = false;  ///< --help was given: what it is, not what it does, is wanted
  std::string error;  ///< not empty: the fault of the command line, in one line
};

}  // namespace pailfs::cli
