// SPDX-License-Identifier: Apache-2.0
#include "login.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <openssl/rand.h>

#include "pailfs/auth/sign.h"
#include "pailfs/util/digest.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "aws_files.h"
#include "credentials_file.h"
#include "key_service.h"
#include "secret_writer.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::milliseconds kStallLimit{4000};
constexpr int kTries = 2;
/// Keys that end within this time are renewed.
constexpr std::chrono::minutes kRenewalWindow{5};
/// The service gives 900 seconds.
constexpr std::uint64_t kLongestLife = 24ULL * 3600;
constexpr std::string_view kInner = "accessToken.";

Error signed_out(const LoginProfile& login, const std::string& why) {
  const std::string name = printable(login.profile, 128);
  return {ENOKEY, "profile " + name + " " + why + ": run aws login --profile " + name};
}

const std::string& text_of(const JsonObject& object, std::string_view name) {
  static const std::string none;
  const auto found = object.find(name);
  return found == object.end() || found->second.kind != JsonKind::string
             ? none
             : found->second.text.reveal();
}

std::string inner(std::string_view name) {
  return std::string(kInner).append(name);
}

/// The keys in a sign-in or in the reply of CreateOAuth2Token; nothing if they cannot be keys.
std::optional<Credentials> keys_of(const JsonObject& object, const LoginProfile& login) {
  Credentials keys;
  keys.access_key = text_of(object, inner("accessKeyId"));
  keys.secret_key = Secret(text_of(object, inner("secretAccessKey")));
  keys.session_token = Secret(text_of(object, inner("sessionToken")));
  keys.source = "aws login, profile " + printable(login.profile, 128);
  const bool whole = is_visible(keys.access_key) && is_visible(keys.secret_key.reveal()) &&
                     is_visible(keys.session_token.reveal());
  return whole ? std::optional(std::move(keys)) : std::nullopt;
}

struct SignIn {
  JsonObject document;
  Credentials keys;
};

Result<SignIn> read_sign_in(const std::string& path, const LoginProfile& login) {
  const auto file = SecretFile::read(path);
  if (!file && file.error().err == ENOENT) return signed_out(login, "is not signed in");
  if (!file) return Error{ENOKEY, "sign-in of aws login: " + file.error().text};
  auto document = parse_json_object(file->text(), Nested::flattened);
  auto keys = document ? keys_of(*document, login) : std::nullopt;
  if (keys) keys->expires = parse_iso8601(text_of(*document, inner("expiresAt")));
  if (!keys || !keys->expires)
    return signed_out(login, "has a sign-in, " + path + ", that cannot be read");
  return SignIn{std::move(*document), std::move(*keys)};
}

Result<KeyServiceUrl> sign_in_url(const CredentialConfig& config, const std::string& region,
                                  const EndpointSettings& endpoints) {
  const auto configured = configured_endpoint(config, kSignin, endpoints);
  if (!configured) return configured.error();
  if (const std::optional<KeyServiceUrl>& url = *configured; url) return *url;
  if (!is_region(region))
    return Error{EINVAL, "aws login: \"" + printable(region, 80) + "\" is not a region"};
  const std::string domain = region.starts_with("cn-")       ? ".signin.amazonaws.cn"
                             : region.starts_with("us-gov-") ? ".signin.amazonaws-us-gov.com"
                                                             : ".signin.aws.amazon.com";
  return KeyServiceUrl{"https://" + region + domain, false};
}

std::string random_id() {
  std::string bytes(16, '\0');
  auto* const out = static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
  return RAND_bytes(out, static_cast<int>(bytes.size())) == 1 ? hex(bytes) : std::string();
}

Result<http::Request> renewal_request(const std::string& url, const SignIn& old, WallTime now) {
  const auto key = PrivateKey::read(Secret(text_of(old.document, "dpopKey")));
  if (!key) return Error{ENOKEY, "the dpopKey of the sign-in " + key.error().text};
  http::Request request;
  request.method = http::Method::post;
  request.url = url + "/v1/token";
  request.stall_limit = kStallLimit;
  const auto proof = proof_of_possession(*key, request.url, random_id(), now);
  if (!proof) return Error{ENOKEY, "the dpopKey of the sign-in: " + proof.error().text};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("DPoP", proof->reveal());
  return request;
}

Secret renewal_body(const SignIn& old) {
  JsonWriter json;
  json.begin_object().member("clientId", text_of(old.document, "clientId"));
  json.member("grantType", "refresh_token");
  json.member("refreshToken", text_of(old.document, "refreshToken"));
  return Secret(json.end_object().text());
}

/// The sign-in that the service's reply makes of `old`.
Result<SignIn> renewed_by(const KeyReply& reply, const SignIn& old, const LoginProfile& login,
                          WallTime now) {
  auto object = parse_json_object(reply.body.reveal(), Nested::flattened);
  auto keys = object ? keys_of(*object, login) : std::nullopt;
  if (!keys) return Error{ENOKEY, "the reply of AWS Sign-In has no usable keys"};
  const auto life = object->find("expiresIn");
  const std::uint64_t seconds =
      life == object->end() ? 0 : parse_uint(life->second.text.reveal()).value_or(0);
  if (seconds == 0 || seconds > kLongestLife)
    return Error{ENOKEY, "the reply of AWS Sign-In has no usable expiresIn"};
  const std::string& refresh = text_of(*object, "refreshToken");
  if (!is_visible(refresh))
    return Error{ENOKEY, "the reply of AWS Sign-In has no usable refreshToken"};
  SignIn renewed = old;
  keys->expires = now + std::chrono::seconds(seconds);
  renewed.keys = std::move(*keys);
  renewed.document["refreshToken"] = {JsonKind::string, Secret(refresh)};
  return renewed;
}

/// The document of a sign-in, with all texts that the AWS CLI has put there.
Secret document_of(const SignIn& sign_in) {
  const std::string expires = iso8601_millis(*sign_in.keys.expires);
  JsonWriter json;
  json.begin_object().key("accessToken").begin_object();
  json.member("accessKeyId", sign_in.keys.access_key);
  json.member("secretAccessKey", sign_in.keys.secret_key.reveal());
  json.member("sessionToken", sign_in.keys.session_token.reveal());
  json.member("accountId", text_of(sign_in.document, inner("accountId")));
  json.member("expiresAt", expires.substr(0, expires.find('.')) + "Z").end_object();
  for (const auto& [name, value] : sign_in.document) {
    if (value.kind == JsonKind::string && !name.starts_with(kInner))
      json.member(name, value.text.reveal());
  }
  return Secret(json.end_object().text());
}

Result<SignIn> renew(const CredentialContext& world, const LoginProfile& login,
                     const KeyServiceUrl& url, const SignIn& old) {
  const WallTime now = world.clock.wall();
  const auto request = renewal_request(url.text, old, now);
  if (!request) return signed_out(login, "cannot be renewed, " + request.error().text);
  const Secret body = renewal_body(old);
  const std::string who = "AWS Sign-In at " + url.text;
  const auto reply = ask_for_keys(url.local ? world.transports.local : world.transports.remote,
                                  *request, body.reveal(), kTries, who);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    const Secret refresh(text_of(old.document, "refreshToken"));
    return signed_out(login, "is not renewed by " + who + ", " + words_of_json(*reply, refresh));
  }
  return renewed_by(*reply, old, login, now);
}

}  // namespace

std::string login_token_file(const CredentialConfig& config, const LoginProfile& login) {
  const std::string name = "/" + hex(digest(Digest::sha256, login.session)) + ".json";
  const std::string given = config.variable("AWS_LOGIN_CACHE_DIRECTORY");
  return given.empty() ? below_home(config, "/.aws/login/cache" + name) : given + name;
}

Result<Credentials> fetch_login_keys(const CredentialContext& world, const LoginProfile& login,
                                     const std::string& region, const EndpointSettings& endpoints) {
  const std::string path = login_token_file(world.config, login);
  const auto now = read_sign_in(path, login);
  if (!now) return now.error();
  const auto left = *now->keys.expires - world.clock.wall();
  if (left > kRenewalWindow) return now->keys;
  const auto url = sign_in_url(world.config, region_of_keys(world.config, region), endpoints);
  if (!url) return url.error();
  const auto renewed = renew(world, login, *url, *now);
  if (!renewed && left > std::chrono::seconds(0)) return now->keys;
  if (!renewed) return renewed.error();
  const Status kept = replace_secret_file(path, document_of(*renewed));
  if (!kept)
    log_warning("the renewed sign-in is not kept for other programs: " + kept.error().text);
  return renewed->keys;
}

Result<Secret> proof_of_possession(const PrivateKey& key, const std::string& url,
                                   const std::string& id, WallTime now) {
  const auto point = key.point();
  if (!point) return point.error();
  JsonWriter header;
  header.begin_object().member("typ", "dpop+jwt").member("alg", "ES256").key("jwk");
  header.begin_object().member("kty", "EC").member("crv", "P-256");
  header.member("x", base64url(point->x)).member("y", base64url(point->y)).end_object();
  header.end_object();
  JsonWriter payload;
  payload.begin_object().member("htm", "POST").member("htu", url).member("jti", id);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  payload.member("iat", seconds.count()).end_object();
  return sign_web_token(key, header.text(), payload.text());
}

}  // namespace pailfs::auth
