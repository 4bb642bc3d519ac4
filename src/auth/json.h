// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::auth {

enum class JsonKind { string, number, boolean, null, nested };

/// One member's value. The text of a string is decoded, that of a whole number or boolean stands as
/// it was written; fractions, null and nested values (an object or array) have none. Secret,
/// because the documents read here carry keys.
struct JsonValue {
  JsonKind kind = JsonKind::null;
  Secret text;
};

/// The members of one object by name.
using JsonObject = std::map<std::string, JsonValue, std::less<>>;

inline constexpr std::size_t kMaxJsonBytes = 64U << 10U;
inline constexpr std::size_t kMaxJsonMembers = 256;
inline constexpr int kMaxJsonDepth = 16;

/// flattened: the members of an object that is the value of a member "a" are there too, as "a.b".
enum class Nested { skipped, flattened };

/// Reads a document that is one object (RFC 8259) by RapidJSON, strictly: no comments, no trailing
/// commas, no text after it, no lone surrogates, and, beyond the RFC, no name twice. Other nested
/// values are checked and skipped. Bytes above 0x7f in strings are passed on as they stand.
/// Anything else, or more than the limits above: EBADMSG, with the offset and never a byte of the
/// document in the text.
Result<JsonObject> parse_json_object(std::string_view text, Nested nested = Nested::skipped);

}  // namespace pailfs::auth
