// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "pailfs/cache/kept_conflicts.h"

namespace pailfs::cache {

/// A longer one is not read.
inline constexpr std::size_t kLongestNote = std::size_t{64} << 20U;

/// The note beside the bytes of a conflict: one JSON object, with the key twice, for people and
/// percent-encoded, because JSON has no bytes that are not UTF-8. Ranges are their bounds in turn.
std::string format_note(const Conflict& what);
/// Nothing when the text is no such note. Unknown members are skipped.
std::optional<Conflict> parse_note(std::string text);

}  // namespace pailfs::cache
