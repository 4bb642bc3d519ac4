// SPDX-License-Identifier: Apache-2.0
// The mount that a command is about.
#pragma once

#include <optional>
#include <string>

#include "pailfs/mount/process_birth.h"
#include "pailfs/mount/runtime.h"
#include "pailfs/util/result.h"

#include "mount_process.h"

namespace pailfs::cli {

/// A mountpoint as the mount table has it, with the record of its mount if there is one.
struct OwnMount {
  std::string mountpoint;
  std::optional<mount::MountRecord> record;

  /// The process is gone and cannot be asked or waited for.
  [[nodiscard]] bool is_dead() const { return record && !mount::is_alive(*record); }
  /// One sentence about a dead mount, without a full stop.
  [[nodiscard]] std::string epitaph() const;
};

/// Finds the mount at a path as typed, or that of the process with this number. An error for a
/// mount of another user, also for root: text from that user's process must not reach root's
/// terminal.
Result<OwnMount> find_own_mount(const std::string& typed);

/// Whether it finds one, be it another user's.
bool is_known_mount(const std::string& typed);

/// find_own_mount() for a command that needs a living process; for a dead one the error says how to
/// remove it.
Result<OwnMount> find_living_mount(const std::string& typed);

}  // namespace pailfs::cli
