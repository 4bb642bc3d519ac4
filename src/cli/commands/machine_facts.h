// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace pailfs::cli {

/// What the rule of read_command() must know about the machine.
struct MachineFacts {
  std::function<bool(const std::string& path)> is_mount;      ///< a mount of pailfs is there now
  std::function<bool(const std::string& path)> is_directory;  ///< there is a directory
};

/// The machine as it is.
MachineFacts this_machine();

}  // namespace pailfs::cli
