// SPDX-License-Identifier: Apache-2.0
#include "bearer_token.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pailfs/auth/bearer.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

/// A year: no token service gives more, and no sum with it overflows.
constexpr std::uint64_t kLongestLife = 366ULL * 24 * 3600;
/// Seconds since 1970 in the year 2200.
constexpr std::uint64_t kLastMoment = 7'258'118'400ULL;

std::optional<std::uint64_t> seconds_in(const JsonObject& object, std::string_view name,
                                        std::uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  const auto value = parse_uint(found->second.text.reveal());
  return value && *value > 0 && *value <= most ? value : std::nullopt;
}

/// The end of the token by our clock; nothing if the document does not tell it.
std::optional<WallTime> end_of_token(const JsonObject& object, const KeyReply& reply,
                                     const Clock& clock) {
  if (const auto life = seconds_in(object, "expires_in", kLongestLife)) {
    return clock.wall() + std::chrono::seconds(*life);
  }
  const auto moment = seconds_in(object, "expiration", kLastMoment);
  if (!moment) return std::nullopt;
  Credentials told;
  told.expires = WallTime(std::chrono::seconds(*moment));
  adjust_expiry(told, reply, clock);
  return told.expires;
}

bool is_bearer(const JsonObject& object) {
  const auto type = object.find("token_type");
  return type == object.end() || equals_ignoring_case(type->second.text.reveal(), "Bearer");
}

}  // namespace

void bear_token(http::Request& request, const Credentials& credentials) {
  request.headers.set("Authorization", "Bearer " + credentials.bearer.reveal());
}

Result<Credentials> token_in(const KeyReply& reply, const std::string& source, const Clock& clock) {
  const auto object = parse_key_document(reply.body.reveal(), source);
  if (!object) return object.error();
  const auto unusable = [&](std::string_view name) {
    return Error{ENOKEY, "the credentials of " + source + " have no usable " + std::string(name)};
  };
  const auto token = object->find("access_token");
  if (token == object->end() || token->second.kind != JsonKind::string ||
      !is_visible(token->second.text.reveal())) {
    return unusable("access_token");
  }
  if (!is_bearer(*object)) return unusable("token_type");
  Credentials credentials;
  credentials.source = source;
  credentials.bearer = token->second.text;
  credentials.expires = end_of_token(*object, reply, clock);
  if (!credentials.expires) return unusable("expires_in");
  return credentials;
}

}  // namespace pailfs::auth
