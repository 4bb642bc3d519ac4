// SPDX-License-Identifier: Apache-2.0
/// Byte ranges and preconditions of reads and copies (RFC 9110 sections 13 and 14, as S3 applies
/// them).
#pragma once
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http_message.h"

namespace s3d {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

enum class RangeKind {
  kWhole,          ///< none, unreadable, or several: the whole object with 200
  kPart,           ///< 206
  kUnsatisfiable,  ///< 416
};

struct RangeVerdict {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};

RangeVerdict judge_range(std::string_view header, std::uint64_t size);
/// x-amz-copy-source-range: only `bytes=first-last`, both given and inside the source.
std::optional<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size);

enum class Precondition { kHolds, kFailed, kNotModified };

/// `prefix` is "" for reads, "x-amz-copy-source-" for copies (where not-modified counts as failed).
Precondition judge_preconditions(const Headers& headers, std::string_view prefix,
                                 std::string_view etag, std::time_t mtime);

}  // namespace s3d
