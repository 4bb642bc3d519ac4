// SPDX-License-Identifier: Apache-2.0
#include "sso.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "pailfs/util/digest.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "aws_files.h"
#include "credentials_file.h"
#include "key_service.h"
#include "secret_writer.h"
#include "sso_token.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::milliseconds kStallLimit{4000};
constexpr int kTries = 2;
/// A sign-in that ends within this time is renewed, as the AWS CLI does.
constexpr std::chrono::minutes kRenewalWindow{15};
/// Seconds of a year: no sign-in lasts longer.
constexpr std::uint64_t kLongestLife = 366ULL * 24 * 3600;
/// Milliseconds since 1970 in the year 2200.
constexpr std::uint64_t kLastMoment = 7'258'118'400'000ULL;

/// "; run aws sso login --profile work"
std::string remedy(const SsoProfile& sso) {
  return ": run aws sso login --profile " + printable(sso.profile, 128);
}

Error signed_out(const SsoProfile& sso, const std::string& why) {
  return {ENOKEY, "profile " + printable(sso.profile, 128) + " " + why + remedy(sso)};
}

http::Transport& way_to(const CredentialContext& world, const KeyServiceUrl& url) {
  return url.local ? world.transports.local : world.transports.remote;
}

Result<SsoToken> read_token(const std::string& path, const SsoProfile& sso) {
  const auto file = SecretFile::read(path);
  if (!file && file.error().err == ENOENT) return signed_out(sso, "is not signed in");
  if (!file) return Error{ENOKEY, "sign-in of IAM Identity Center: " + file.error().text};
  auto token = parse_sso_token(file->text());
  if (!token) return signed_out(sso, "has a sign-in, " + path + ", that " + token.error().text);
  return token;
}

Secret renewal_body(const SsoToken& token) {
  JsonWriter json;
  json.begin_object().member("clientId", token.client_id);
  json.member("clientSecret", token.client_secret.reveal());
  json.member("grantType", "refresh_token").member("refreshToken", token.refresh_token.reveal());
  return Secret(json.end_object().text());
}

/// The sign-in that the reply of CreateToken makes of `old`.
Result<SsoToken> token_in_reply(const KeyReply& reply, const SsoToken& old, WallTime now) {
  const auto object = parse_key_document(reply.body.reveal(), "IAM Identity Center");
  if (!object) return object.error();
  const auto access = object->find("accessToken");
  const auto life = object->find("expiresIn");
  const std::uint64_t seconds =
      life == object->end() ? 0 : parse_uint(life->second.text.reveal()).value_or(0);
  if (access == object->end() || !is_visible(access->second.text.reveal()))
    return Error{ENOKEY, "the reply of IAM Identity Center has no usable accessToken"};
  if (seconds == 0 || seconds > kLongestLife)
    return Error{ENOKEY, "the reply of IAM Identity Center has no usable expiresIn"};
  SsoToken token = old;
  token.access_token = access->second.text;
  token.expires = now + std::chrono::seconds(seconds);
  const auto refresh = object->find("refreshToken");
  if (refresh != object->end() && !refresh->second.text.empty())
    token.refresh_token = refresh->second.text;
  return token;
}

Result<SsoToken> renew_token(const CredentialContext& world, const SsoProfile& sso,
                             const EndpointSettings& endpoints, const SsoToken& old) {
  const auto url = regional_endpoint(world.config, kSsoOidc, endpoints, "oidc", sso.region);
  if (!url) return url.error();
  http::Request request;
  request.method = http::Method::post;
  request.url = url->text + "/token";
  request.stall_limit = kStallLimit;
  request.headers.add("Content-Type", "application/json");
  const Secret body = renewal_body(old);
  const std::string who = "IAM Identity Center at " + url->text;
  const auto reply = ask_for_keys(way_to(world, *url), request, body.reveal(), kTries, who);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{ENOKEY, who + " does not renew the sign-in of profile " +
                             printable(sso.profile, 128) + ": " +
                             words_of_json(*reply, old.refresh_token)};
  }
  return token_in_reply(*reply, old, world.clock.wall());
}

/// The sign-in that is good now, renewed where it can be and soon must.
Result<SsoToken> good_token(const CredentialContext& world, const SsoProfile& sso,
                            const EndpointSettings& endpoints) {
  const std::string path = sso_token_file(world.config, sso);
  auto token = read_token(path, sso);
  if (!token) return token;
  const WallTime now = world.clock.wall();
  const bool over = token->expires <= now;
  const bool ends = token->expires - now < kRenewalWindow;
  if (!ends) return token;
  const bool renewable = !sso.session.empty() && token->renewable(now);
  if (!renewable && over) return signed_out(sso, "has a sign-in that is over");
  if (!renewable) return token;
  auto renewed = renew_token(world, sso, endpoints, *token);
  if (!renewed && !over) return token;
  if (!renewed) return Error{ENOKEY, renewed.error().text + remedy(sso)};
  const Status kept =
      replace_secret_file(path, write_sso_token(*renewed, sso.start_url, sso.region));
  if (!kept)
    log_warning("the renewed sign-in is not kept for other programs: " + kept.error().text);
  return renewed;
}

Result<Credentials> keys_in_reply(const KeyReply& reply, const std::string& source) {
  const auto object = parse_json_object(reply.body.reveal(), Nested::flattened);
  if (!object) {
    return Error{ENOKEY,
                 "the credentials of " + source + " are not a JSON object: " + object.error().text};
  }
  const auto text = [&](const char* name) {
    const auto found = object->find(name);
    return found == object->end() ? Secret() : found->second.text;
  };
  const auto unusable = [&](const char* name) {
    return Error{ENOKEY, "the credentials of " + source + " have no usable " + name};
  };
  Credentials keys;
  keys.source = source;
  keys.access_key = text("roleCredentials.accessKeyId").reveal();
  keys.secret_key = text("roleCredentials.secretAccessKey");
  keys.session_token = text("roleCredentials.sessionToken");
  if (!is_visible(keys.access_key)) return unusable("accessKeyId");
  if (!is_visible(keys.secret_key.reveal())) return unusable("secretAccessKey");
  if (!is_visible(keys.session_token.reveal())) return unusable("sessionToken");
  const auto moment = parse_uint(text("roleCredentials.expiration").reveal());
  if (!moment || *moment > kLastMoment) return unusable("expiration");
  keys.expires = WallTime(std::chrono::milliseconds(*moment));
  return keys;
}

}  // namespace

std::string sso_token_file(const CredentialConfig& config, const SsoProfile& sso) {
  const std::string& name = sso.session.empty() ? sso.start_url : sso.session;
  return below_home(config, "/.aws/sso/cache/" + hex(digest(Digest::sha1, name)) + ".json");
}

Result<Credentials> fetch_sso_keys(const CredentialContext& world, const SsoProfile& sso,
                                   const EndpointSettings& endpoints) {
  const auto url = regional_endpoint(world.config, kSso, endpoints, "portal.sso", sso.region);
  if (!url) return url.error();
  const auto token = good_token(world, sso, endpoints);
  if (!token) return token.error();
  http::Request request;
  request.url = url->text +
                "/federation/credentials?account_id=" + percent_encode(sso.account, false) +
                "&role_name=" + percent_encode(sso.role, false);
  request.stall_limit = kStallLimit;
  request.headers.add("x-amz-sso_bearer_token", token->access_token.reveal());
  const std::string who = "IAM Identity Center at " + url->text;
  const auto reply = ask_for_keys(way_to(world, *url), request, {}, kTries, who);
  if (!reply) return reply.error();
  if (reply->status == 401) return signed_out(sso, "has a sign-in that is not accepted any more");
  const std::string source = "IAM Identity Center, role " + printable(sso.role, 64) +
                             " in account " + printable(sso.account, 64);
  if (reply->status != 200) {
    return Error{ENOKEY, who + " does not give the keys of role " + printable(sso.role, 64) +
                             " in account " + printable(sso.account, 64) + ": " +
                             words_of_json(*reply, token->access_token)};
  }
  auto keys = keys_in_reply(*reply, source);
  if (keys) adjust_expiry(*keys, *reply, world.clock);
  return keys;
}

}  // namespace pailfs::auth
