// SPDX-License-Identifier: Apache-2.0
#include "machine_facts.h"

#include <filesystem>
#include <system_error>

#include "own_mount.h"

namespace pailfs::cli {

MachineFacts this_machine() {
  MachineFacts machine;
  machine.is_directory = [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
  };
  machine.is_mount = is_known_mount;
  return machine;
}

}  // namespace pailfs::cli
