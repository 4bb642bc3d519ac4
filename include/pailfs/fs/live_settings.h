// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pailfs::fs {

/// What of fs::Config can change while the file system is used; nothing: stays as it is. What is
/// known and kept already is used by the new rules at once, but for the times of names that were
/// answered before.
struct LiveSettings {
  std::optional<std::chrono::seconds> attribute_ttl;
  std::optional<std::chrono::seconds> listing_ttl;  ///< with the above
  std::optional<std::size_t> max_cached_attributes;
  std::optional<std::uint64_t> memory_limit;
  std::optional<std::uint64_t> kept_bytes;  ///< on disk; without a kept_directory of no effect
};

}  // namespace pailfs::fs
