// SPDX-License-Identifier: Apache-2.0
/// Small pure functions on strings that several parts of the instrument need: encodings, numbers,
/// globs. Every function is total: bad input gives nullopt or a copy, never undefined behaviour.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace s3d {

/// "/a//b///c" as "a/b/c"; "/" stays.
std::string one_slash_for_many(std::string_view path);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
/// Without leading and trailing blanks and tabs.
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
/// Strict: padding demanded, no white space.
std::optional<std::string> unbase64(std::string_view text);

/// RFC 3986: every byte except A-Z a-z 0-9 - . _ ~ (and '/' when asked) becomes %XX, upper-case
/// hex.
std::string percent_encode(std::string_view text, bool keep_slash);
/// nullopt when a '%' is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// How AWS writes keys under encoding-type=url: '/', '*', '-', '.', '_' and alphanumerics stay, a
/// blank becomes '+' (or %20, which other services write).
std::string listing_encode(std::string_view text, bool space_as_plus);

std::optional<std::uint64_t> parse_u64(std::string_view text);
std::optional<std::int64_t> parse_i64(std::string_view text);
std::optional<double> parse_double(std::string_view text);

/// '*' any run (also over '/'), '?' one byte; everything else is itself.
bool glob_match(std::string_view pattern, std::string_view text);
bool valid_utf8(std::string_view text);
/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace s3d
