// SPDX-License-Identifier: Apache-2.0
#include "container_keys.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "pailfs/util/text.h"

#include "credentials_file.h"
#include "key_service.h"

namespace pailfs::auth {
namespace {

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr std::chrono::milliseconds kStallLimit{1000};
constexpr int kTries = 2;

bool may_be_plain(const Url& url) {
  constexpr std::array<std::string_view, 3> kHosts = {"169.254.170.2", "169.254.170.23",
                                                      "[fd00:ec2::23]"};
  return is_loopback(url) || std::find(kHosts.begin(), kHosts.end(), url.host) != kHosts.end();
}

Error bad_address(const char* variable, const std::string& why) {
  return {EINVAL, std::string(variable) + " " + why};
}

Result<ContainerEndpoint> full_endpoint(const std::string& text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string::npos) return bad_address(kFull, "has no https:// or http://");
  const std::size_t path = std::min(text.find_first_of("/?", scheme_end + 3), text.size());
  const auto url = parse_url(text.substr(0, path));
  if (!url) return bad_address(kFull, "is no address: " + url.error().text);
  const std::string rest = text.substr(path);
  if (!rest.empty() && (!is_visible(rest) || rest.find('#') != std::string::npos)) {
    return bad_address(kFull, "has a path that cannot be one");
  }
  const bool plain = url->scheme == "http";
  if (plain && !may_be_plain(*url)) {
    return bad_address(kFull, "is " + url->text() +
                                  ": http is allowed for this machine and the addresses of ECS and "
                                  "EKS only, use https");
  }
  return ContainerEndpoint{url->text() + (rest.starts_with('/') ? "" : "/") + rest, plain};
}

/// The value of the Authorization header, or nothing.
Result<Secret> authorization(const CredentialContext& world) {
  Secret token(world.variable(kToken));
  if (const std::string path = world.variable(kTokenFile); !path.empty()) {
    const auto file = SecretFile::read(path);
    if (!file) return Error{ENOKEY, std::string(kTokenFile) + ": " + file.error().text};
    token = Secret(std::string(trim(file->text())));
    if (token.empty()) return Error{ENOKEY, std::string(kTokenFile) + ": " + path + " is empty"};
  }
  const std::string& text = token.reveal();
  // "Bearer ..." has a blank; a line end would be another header.
  if (std::any_of(text.begin(), text.end(), [](char c) { return c < ' ' || c >= '\x7f'; })) {
    return Error{ENOKEY, "the authorization token of the container cannot be one"};
  }
  return token;
}

}  // namespace

Result<ContainerEndpoint> container_endpoint(const CredentialContext& world) {
  const std::string relative = world.variable(kRelative);
  const std::string full = world.variable(kFull);
  if (relative.empty() && full.empty()) {
    return Error{ENOKEY, std::string("neither ") + kRelative + " nor " + kFull + " is set"};
  }
  if (relative.empty()) return full_endpoint(full);
  if (!relative.starts_with('/') || !is_visible(relative)) {
    return bad_address(kRelative, "must be a path that begins with /");
  }
  return ContainerEndpoint{"http://169.254.170.2" + relative, true};
}

Result<Credentials> fetch_container_keys(const CredentialContext& world) {
  const auto endpoint = container_endpoint(world);
  if (!endpoint) return endpoint.error();
  const auto token = authorization(world);
  if (!token) return token.error();
  http::Request request;
  request.url = endpoint->url;
  request.stall_limit = kStallLimit;
  request.headers.add("Accept", "application/json");
  if (!token->empty()) request.headers.add("Authorization", token->reveal());
  const std::string source = "container endpoint";
  const auto reply = ask_for_keys(
      endpoint->local ? world.transports.local : world.transports.remote, request, {}, kTries,
      // Without path and query, because some containers have a secret there.
      "the container endpoint " + endpoint->url.substr(0, endpoint->url.find_first_of('/', 8)));
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{ENOKEY,
                 "the container endpoint refuses (status " + std::to_string(reply->status) + ")"};
  }
  const auto document = parse_key_document(reply->body.reveal(), source);
  if (!document) return document.error();
  auto keys = keys_in(*document, {"Token", false}, source);
  if (keys) adjust_expiry(*keys, *reply, world.clock);
  return keys;
}

}  // namespace pailfs::auth
