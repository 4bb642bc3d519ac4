// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/options/options.h"
#include "command.h"

namespace pailfs::cli {

/// `pailfs warm PATH...`
int run_warm(const Command& command, const Environment& environment);

/// What the process of a mount keeps on disk, as `pailfs status --json` tells it.
struct DiskCache {
  bool used = false;                      ///< the mount has use_cache
  std::uint64_t bytes = 0;                ///< that it keeps
  std::uint64_t blocks_without_room = 0;  ///< that it did not keep since the mount began
};
/// Nothing when the text is no such status.
std::optional<DiskCache> read_disk_cache(std::string_view status);

/// A sentence about bytes that were read and will be fetched again, "" where there is none to be
/// said. Pure.
std::string kept_in_vain(const DiskCache& before, const DiskCache& after, std::uint64_t bytes_read);

}  // namespace pailfs::cli
