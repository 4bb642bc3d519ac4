// SPDX-License-Identifier: Apache-2.0
// Sizes up to which a GET of a whole file is as good as a HEAD, or as a GET of a part.
#pragma once

#include <chrono>
#include <cstdint>

namespace pailfs::fs {

/// A file of at most so many bytes is fetched whole by the first read of it, and kept whole in the
/// block cache when it was written here.
inline constexpr std::uint64_t kSmallObject = 128U << 10U;
/// A GET of so few bytes is as quick as a HEAD.
inline constexpr std::uint64_t kTinyObject = 16U << 10U;
/// An open asks the store again about a file whose attributes are older than this: the time for
/// which a kernel believes attributes by default.
inline constexpr std::chrono::seconds kFreshToOpen{1};

}  // namespace pailfs::fs
