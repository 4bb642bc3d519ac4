// SPDX-License-Identifier: Apache-2.0
// The process of a mount, as a command sees it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/control.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// Longest silence of a mount's process: it writes twice a second, so after this it hangs.
inline constexpr std::chrono::seconds kSilence{15};

/// A mount of the effective user.
bool is_ours(const mount::MountRecord& record);

/// Asks the process of a mount. See report/control.h for the requests and replies.
Result<report::ControlClient> ask(const std::string& mountpoint, std::string_view request);

}  // namespace pailfs::cli
