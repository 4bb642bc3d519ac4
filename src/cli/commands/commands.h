// SPDX-License-Identifier: Apache-2.0
// The small commands: `pailfs list`, `status`, `sync`, `umount` and `check`. They share the command
// line with `pailfs BUCKET MOUNTPOINT`, and a bucket may be called like one of them: what is asked
// for is decided by read_command() alone.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pailfs::cli {

struct Command {
  enum class Kind { list, status, sync, umount, check };
  Kind kind = Kind::list;
  bool json = false;
  bool watch = false;
  bool write = false;
  std::optional<std::chrono::seconds> timeout;
  std::string mountpoint;              ///< as typed; empty: status of all mounts
  std::vector<std::string> arguments;  ///< of check: BUCKET and the options of its mount
  std::string error;                   ///< not empty: what is wrong with it, one line
};

/// What the rule asks of the machine.
struct MachineFacts {
  std::function<bool(const std::string& path)> is_mount;      ///< a mount of pailfs is there now
  std::function<bool(const std::string& path)> is_directory;  ///< there is a directory
};

/// The command that `argv` means, or nothing when it means a mount. It is a command only if its
/// first word is exactly one of the five, and
///
///   list            what follows is nothing, or --json
///   status          what follows is nothing, or has --json or --watch, or is one directory
///   sync            what follows is nothing, or one directory
///   umount          what follows is nothing, or has --timeout, or is one directory
///   check BUCKET    BUCKET is no directory and has no '/' in front, and no second word follows;
///                   or --write is given
///
/// "umount DIRECTORY" is the command even where nothing is mounted: said a second time, it must not
/// mount somebody's bucket of that name. A mount of such a bucket has an option. Pure, but for
/// `machine`.
std::optional<Command> read_command(const std::vector<std::string>& argv,
                                    const MachineFacts& machine);

/// The machine as it is.
MachineFacts this_machine();

/// Carries out any of them but check. Writes to stdout and stderr; returns the exit status.
int run_command(const Command& command);

}  // namespace pailfs::cli
