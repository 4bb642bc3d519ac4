// SPDX-License-Identifier: Apache-2.0
// Headers of a reply as values. A missing or contradictory header is absent, never guessed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "pailfs/http/transport.h"
#include "pailfs/s3/store_words.h"

namespace pailfs::s3 {

/// Absent when there is none, when two differ, or beside Transfer-Encoding (RFC 9112 6.3: the sign
/// of a smuggled reply).
std::optional<std::uint64_t> content_length(const http::Headers& headers);

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};
/// "bytes 0-9/20"; absent for any other form, an unknown total ("*") included.
std::optional<ContentRange> content_range(const http::Headers& headers);

/// ETag, time, type and metadata as the headers give them.
ObjectInfo object_info(const http::Headers& headers, std::uint64_t size);

/// Seconds, or the distance of a date from `now`.
std::optional<std::chrono::seconds> retry_after(const http::Headers& headers, WallTime now);

/// First part of a header's value, or empty.
std::string header_text(const http::Headers& headers, std::string_view name);

/// The 16 bytes of an ETag that has the shape of an MD5; nothing for any other.
std::optional<std::string> md5_of(const ETag& etag);
/// The MD5 that the ETag is; nothing for an object under a key of KMS or of the user, whose ETag
/// has the same shape and means nothing.
std::optional<std::string> told_md5(const ETag& etag, const http::Headers& headers);

}  // namespace pailfs::s3
