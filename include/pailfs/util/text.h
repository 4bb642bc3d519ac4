// SPDX-License-Identifier: Apache-2.0
// Text that several layers need: encodings, numbers, sizes and dates. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/clock.h"

namespace pailfs {

/// Percent-encodes every byte except A-Z a-z 0-9 - . _ ~ (RFC 3986 unreserved, the set AWS signs
/// with), upper-case hex. With `keep_slash` also '/' stands for itself, as in an object key within
/// a URL path.
std::string percent_encode(std::string_view bytes, bool keep_slash);
/// Decodes %XX; anything else, also a lone '%' and '+', stands for itself.
std::string percent_decode(std::string_view text);

std::string hex(std::string_view bytes);  ///< lower case
std::string base64(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string_view trim(std::string_view text);  ///< blanks, tabs, CR and LF off both ends
std::string to_lower(std::string_view text);   ///< ASCII only
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::vector<std::string> split(std::string_view text, char separator);

/// Whole string or nothing: no sign for the unsigned form, no blanks, no trailing text, no
/// overflow.
std::optional<std::uint64_t> parse_uint(std::string_view text, int base = 10);
std::optional<std::int64_t> parse_int(std::string_view text);

/// Length of the valid UTF-8 sequence that starts `text` (not empty), or 0. Accepts what a terminal
/// can show: no control characters above ASCII, no surrogates, no over-long forms, nothing above
/// U+10FFFF.
std::size_t utf8_length(std::string_view text);

/// Makes foreign text safe for one log line: control bytes and invalid UTF-8 become \xNN, at most
/// `limit` bytes are shown.
std::string printable(std::string_view text, std::size_t limit = 512);

/// "2026-11-22T03:17:29.654Z", "...29Z" or an offset form -> moment. Nothing on any deviation.
std::optional<WallTime> parse_iso8601(std::string_view text);
/// RFC 7231 IMF-fixdate, e.g. "Sun, 22 Nov 2026 03:17:29 GMT".
std::optional<WallTime> parse_http_date(std::string_view text);
std::string http_date(WallTime time);
std::string iso8601_basic(WallTime time);   ///< "20261122T031729Z", as SigV4 wants it
std::string iso8601_millis(WallTime time);  ///< "2026-11-22T03:17:29.654Z", for logs

/// "12.5 MiB"
std::string human_size(std::uint64_t bytes);

/// The candidate closest to `word` by edit distance, if one is near enough to be a likely typo;
/// else the shortest that has most of the parts of `word` between underscores: all, or two.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string_view>& candidates);

}  // namespace pailfs
