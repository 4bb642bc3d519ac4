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

/// The process of a mount says something twice a second; after so long a silence it never will.
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
  /// One sentence about a dead one, without an end.
  [[nodiscard]] std::string epitaph() const;
};

/// Finds what is mounted at a path as typed. An error where that is a mount of another user: what
/// that one's process says is not for root's terminal either.
Result<OwnMount> find_own_mount(const std::string& typed);

/// The same for a command that needs a living process; for a dead one the error says what to do.
Result<OwnMount> find_living_mount(const std::string& typed);

/// Asks the process of a mount. See report/control.h for the requests and what it answers.
Result<report::ControlClient> ask(const std::string& mountpoint, std::string_view request);

}  // namespace pailfs::cli
