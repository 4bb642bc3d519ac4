// SPDX-License-Identifier: Apache-2.0
#include "google_token.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "aws_files.h"
#include "bearer_token.h"
#include "form.h"
#include "key_service.h"
#include "private_key.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::milliseconds kStallLimit{4000};
constexpr std::chrono::milliseconds kMetadataStallLimit{500};
constexpr int kTries = 2;
constexpr std::chrono::seconds kAssertionLife{3600};
constexpr std::string_view kScope = "https://www.googleapis.com/auth/devstorage.full_control";
constexpr const char* kTokenUri = "https://oauth2.googleapis.com/token";

std::string text_of(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || found->second.kind != JsonKind::string) return {};
  return found->second.text.reveal();
}

/// Where a document says that tokens are asked for.
struct TokenUri {
  std::string text;
  bool local = false;
};
Result<TokenUri> token_uri_of(const JsonObject& document) {
  std::string text = text_of(document, "token_uri");
  if (text.empty()) text = kTokenUri;
  const std::size_t mark = text.find("://");
  const std::size_t path = mark == std::string::npos ? mark : text.find('/', mark + 3);
  const auto url = key_service_url(text.substr(0, path), "token_uri");
  if (!url) return url.error();
  const std::string rest = path == std::string::npos ? "/" : text.substr(path);
  if (!is_visible(rest) || rest.find_first_of("?#@") != std::string::npos)
    return Error{EINVAL, "token_uri has a path that cannot be one"};
  return TokenUri{url->text + rest, url->local};
}

/// A request for a token, in the making.
struct Ask {
  TokenUri uri;
  Secret form;
  Secret secret;       ///< not to be shown if the service repeats it
  std::string source;  ///< becomes Credentials::source
};

Result<Ask> ask_for_service_account(const CredentialContext& world, const JsonObject& document,
                                    TokenUri uri, const std::string& path) {
  const std::string email = text_of(document, "client_email");
  if (!is_visible(email)) return Error{EINVAL, path + " has no usable client_email"};
  const auto key = PrivateKey::read(Secret(text_of(document, "private_key")));
  if (!key) return Error{EINVAL, "the private_key in " + path + " " + key.error().text};
  if (key->kind() != PrivateKey::Kind::rsa)
    return Error{EINVAL, "the private_key in " + path + " is not one of RSA"};
  JsonWriter header;
  header.begin_object().member("alg", "RS256").member("typ", "JWT");
  header.member("kid", text_of(document, "private_key_id")).end_object();
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(world.clock.wall().time_since_epoch());
  JsonWriter claims;
  claims.begin_object().member("iss", email).member("scope", kScope).member("aud", uri.text);
  claims.member("iat", now.count()).member("exp", (now + kAssertionLife).count()).end_object();
  const auto assertion = sign_web_token(*key, header.text(), claims.text());
  if (!assertion) return Error{EINVAL, path + ": " + assertion.error().text};
  Form form(assertion->reveal().size());
  form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
  form.add("assertion", assertion->reveal());
  return Ask{std::move(uri), form.take(), *assertion,
             "Google service account " + printable(email, 120) + " (" + path + ")"};
}

Result<Ask> ask_for_user(const JsonObject& document, TokenUri uri, const std::string& path) {
  const Secret refresh(text_of(document, "refresh_token"));
  const Secret client_secret(text_of(document, "client_secret"));
  const std::string client = text_of(document, "client_id");
  if (client.empty() || client_secret.empty() || refresh.empty())
    return Error{EINVAL, path + " lacks client_id, client_secret or refresh_token"};
  Form form(refresh.reveal().size() + client_secret.reveal().size());
  form.add("grant_type", "refresh_token");
  form.add("client_id", client);
  form.add("client_secret", client_secret.reveal());
  form.add("refresh_token", refresh.reveal());
  return Ask{std::move(uri), form.take(), refresh, "Google user (" + path + ")"};
}

Result<Ask> ask_for(const CredentialContext& world, const Secret& document,
                    const std::string& path) {
  const auto object = parse_json_object(document.reveal());
  if (!object) return Error{EINVAL, path + " is not a JSON object: " + object.error().text};
  auto uri = token_uri_of(*object);
  if (!uri) return uri.error().with(path);
  const std::string type = text_of(*object, "type");
  if (type == "service_account")
    return ask_for_service_account(world, *object, std::move(*uri), path);
  if (type == "authorized_user") return ask_for_user(*object, std::move(*uri), path);
  return Error{ENOTSUP, path + " is of type \"" + printable(type, 80) +
                            "\"; it can be a service_account or an authorized_user"};
}

Result<Credentials> as_google(Result<Credentials> credentials) {
  if (credentials) credentials->google = true;
  return credentials;
}

}  // namespace

bool looks_like_google(std::string_view text) {
  return trim(text).starts_with('{');
}

Result<Credentials> fetch_google_token(const CredentialContext& world, const Secret& document,
                                       const std::string& path) {
  if (world.config.google == GoogleTokens::forbidden) {
    return Error{EINVAL, path +
                             " holds an account of Google's, whose tokens are for Google's hosts "
                             "only: add -o url=https://storage.googleapis.com"};
  }
  const auto ask = ask_for(world, document, path);
  if (!ask) return ask.error();
  http::Request request;
  request.method = http::Method::post;
  request.url = ask->uri.text;
  request.stall_limit = kStallLimit;
  request.headers.add("Content-Type", std::string(Form::kType));
  const std::string who = "Google at " + ask->uri.text;
  const auto reply = ask_for_keys(ask->uri.local ? world.transports.local : world.transports.remote,
                                  request, ask->form.reveal(), kTries, who);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{ENOKEY, who + " gives no token for " + ask->source + ": " +
                             words_of_json(*reply, ask->secret)};
  }
  return as_google(token_in(*reply, ask->source, world.clock));
}

Result<Credentials> fetch_gce_token(const CredentialContext& world) {
  const std::string given = world.variable("GCE_METADATA_HOST");
  const auto url = parse_url("http://" + (given.empty() ? "169.254.169.254" : given));
  if (!url) return Error{ENOKEY, "GCE_METADATA_HOST: " + url.error().text};
  http::Request request;
  request.url = url->text() + "/computeMetadata/v1/instance/service-accounts/default/token";
  request.stall_limit = kMetadataStallLimit;
  request.headers.add("Metadata-Flavor", "Google");
  const std::string who = "the metadata server of Google at " + url->text();
  const auto reply = ask_for_keys(world.transports.local, request, {}, 1, who);
  if (!reply) return reply.error();
  if (reply->status == 404) return Error{ENOKEY, who + ": this machine has no service account"};
  if (reply->status != 200)
    return Error{ENOKEY, who + " gives no token: status " + std::to_string(reply->status)};
  return as_google(token_in(*reply, "Google service account of this machine", world.clock));
}

std::string google_default_file(const CredentialConfig& config) {
  const std::string name = "/application_default_credentials.json";
  const std::string given = config.variable("CLOUDSDK_CONFIG");
  return given.empty() ? below_home(config, "/.config/gcloud" + name) : given + name;
}

}  // namespace pailfs::auth
