// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace pailfs::cli {

/// Bytes that this process may use: the smallest limit of its cgroups, else the machine's memory.
/// `root` is "" but for tests: the directory that /proc and /sys are looked for in.
std::uint64_t memory_available(const std::string& root);

/// The default of memory_limit: a quarter of `available`, 8 to 256 MiB.
std::uint64_t default_memory_limit(std::uint64_t available);

}  // namespace pailfs::cli
