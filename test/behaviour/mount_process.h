// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "pailfs/util/result.h"

namespace pailfs::test {

/// One `pailfs -f` and the directory it serves.
class MountProcess final {
 public:
  MountProcess() = default;
  ~MountProcess();
  MountProcess(const MountProcess&) = delete;
  MountProcess& operator=(const MountProcess&) = delete;

  /// Starts `program` with these arguments and waits until something is mounted at `directory`.
  /// What it prints goes to this process's stderr.
  Status start(const std::string& program, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment, const std::string& directory);
  /// Unmounts and waits for the process: everything is stored when this returns. Its exit status is
  /// the verdict.
  Status stop();
  /// SIGKILL, and what it leaves mounted is taken away.
  void kill();

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

/// Why nothing can be mounted on this machine; empty when it can.
std::string why_no_mount();

}  // namespace pailfs::test
