// SPDX-License-Identifier: Apache-2.0
#include "sso_token.h"

#include <cerrno>
#include <utility>

#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "json.h"
#include "key_service.h"

namespace pailfs::auth {
namespace {

Secret text_of(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || found->second.kind != JsonKind::string) return {};
  return found->second.text;
}

/// "2026-11-22T03:17:29Z"; old versions of the AWS CLI wrote "UTC" in the place of "Z".
std::optional<WallTime> time_of(const JsonObject& object, std::string_view name) {
  std::string text = text_of(object, name).reveal();
  constexpr std::string_view kOldEnd = "UTC";
  if (text.ends_with(kOldEnd)) text.replace(text.size() - kOldEnd.size(), kOldEnd.size(), "Z");
  return parse_iso8601(text);
}

std::string whole_seconds(WallTime time) {
  const std::string text = iso8601_millis(time);
  return text.substr(0, text.find('.')) + "Z";
}

}  // namespace

bool SsoToken::renewable(WallTime now) const {
  return !refresh_token.empty() && !client_id.empty() && !client_secret.empty() &&
         registration_expires && now < *registration_expires;
}

Result<SsoToken> parse_sso_token(std::string_view document) {
  const auto object = parse_json_object(document);
  if (!object) return Error{EINVAL, "is not a JSON object: " + object.error().text};
  SsoToken token;
  token.access_token = text_of(*object, "accessToken");
  if (!is_visible(token.access_token.reveal())) return Error{EINVAL, "has no usable accessToken"};
  const auto expires = time_of(*object, "expiresAt");
  if (!expires) return Error{EINVAL, "has no usable expiresAt"};
  token.expires = *expires;
  token.refresh_token = text_of(*object, "refreshToken");
  token.client_id = text_of(*object, "clientId").reveal();
  token.client_secret = text_of(*object, "clientSecret");
  token.registration_expires = time_of(*object, "registrationExpiresAt");
  return token;
}

Secret write_sso_token(const SsoToken& token, const std::string& start_url,
                       const std::string& region) {
  JsonWriter json;
  json.begin_object().member("startUrl", start_url).member("region", region);
  json.member("accessToken", token.access_token.reveal());
  json.member("expiresAt", whole_seconds(token.expires));
  json.member("clientId", token.client_id);
  json.member("clientSecret", token.client_secret.reveal());
  if (token.registration_expires)
    json.member("registrationExpiresAt", whole_seconds(*token.registration_expires));
  json.member("refreshToken", token.refresh_token.reveal());
  return Secret(json.end_object().text());
}

}  // namespace pailfs::auth
