// SPDX-License-Identifier: Apache-2.0
#include "conditions.h"

#include <algorithm>

#include "clock.h"
#include "store.h"
#include "text.h"

namespace s3d {

RangeVerdict judge_range(std::string_view header, std::uint64_t size) {
  RangeVerdict whole{RangeKind::kWhole, {0, size}};
  if (!header.starts_with("bytes=")) return whole;
  std::string_view spec = trim(header.substr(6));
  std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return whole;
  std::string_view left = trim(spec.substr(0, dash));
  std::string_view right = trim(spec.substr(dash + 1));
  auto first = parse_u64(left);
  auto last = parse_u64(right);
  if (left.empty()) {
    if (!last) return whole;
    if (*last == 0 || size == 0) return {RangeKind::kUnsatisfiable, {}};
    std::uint64_t length = std::min(*last, size);
    return {RangeKind::kPart, {size - length, length}};
  }
  if (!first || (!right.empty() && (!last || *last < *first))) return whole;
  if (*first >= size) return {RangeKind::kUnsatisfiable, {}};
  std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {RangeKind::kPart, {*first, end - *first + 1}};
}

std::optional<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size) {
  if (!header.starts_with("bytes=")) return std::nullopt;
  auto ends = split(header.substr(6), '-');
  if (ends.size() != 2) return std::nullopt;
  auto first = parse_u64(ends[0]);
  auto last = parse_u64(ends[1]);
  if (!first || !last || *last < *first || *last >= size) return std::nullopt;
  return ByteRange{*first, *last - *first + 1};
}

Precondition judge_preconditions(const Headers& headers, std::string_view prefix,
                                 std::string_view etag, std::time_t mtime) {
  auto find = [&](std::string_view name) { return headers.find(std::string(prefix).append(name)); };
  auto date = [&](std::string_view name) -> std::optional<std::time_t> {
    const std::string* value = find(name);
    return value ? parse_http_date(*value) : std::nullopt;
  };
  // If-Match outranks the date beside it, and so does If-None-Match (RFC 9110 13.2.2).
  if (const std::string* match = find("if-match")) {
    if (!etag_matches(*match, etag)) return Precondition::kFailed;
  } else if (auto since = date("if-unmodified-since"); since && mtime > *since) {
    return Precondition::kFailed;
  }
  bool unchanged = false;
  if (const std::string* none = find("if-none-match")) {
    unchanged = etag_matches(*none, etag);
  } else if (auto since = date("if-modified-since")) {
    unchanged = mtime <= *since;
  }
  if (!unchanged) return Precondition::kHolds;
  return prefix.empty() ? Precondition::kNotModified : Precondition::kFailed;
}

}  // namespace s3d
