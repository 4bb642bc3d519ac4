// SPDX-License-Identifier: Apache-2.0
// The mount that a command is about, and its process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/control.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// Longest silence of a mount's process: it writes twice a second, so after this it hangs.
inline constexpr std::chrono::seconds kSilence{15};

/// False also for a process that has ended and was not waited for yet.
bool is_alive(pid_t pid);

/// A mount of the effective user.
bool is_ours(const mount::MountRecord& record);

/// A mountpoint as the mount table has it, with the record of its mount if there is one.
struct OwnMount {
  std::string mountpoint;
  std::optional<mount::MountRecord> record;

  /// The process is gone and cannot be asked or waited for.
  [[nodiscard]] bool is_dead() const { return record && !is_alive(record->pid); }
  /// One sentence about a dead mount, without a full stop.
  [[nodiscard]] std::string epitaph() const;
};

/// Finds the mount at a path as typed. An error for a mount of another user, also for root: text
/// from that user's process must not reach root's terminal.
Result<OwnMount> find_own_mount(const std::string& typed);

/// The same for a command that needs a living process; for a dead one the error says how to remove
/// it.
Result<OwnMount> find_living_mount(const std::string& typed);

/// Asks the process of a mount. See report/control.h for the requests and replies.
Result<report::ControlClient> ask(const std::string& mountpoint, std::string_view request);

}  // namespace pailfs::cli
