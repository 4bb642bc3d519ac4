// SPDX-License-Identifier: Apache-2.0
#include "sts.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "pailfs/auth/sign.h"
#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"
#include "pailfs/util/xml_document.h"

#include "form.h"
#include "key_service.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::milliseconds kStallLimit{2000};
constexpr int kTries = 2;
constexpr std::size_t kMaxReply = 64U << 10U;
constexpr const char* kTokenAction = "AssumeRoleWithWebIdentity";
constexpr const char* kKeysAction = "AssumeRole";

Form form_for(std::string_view action, const RoleRequest& role, std::size_t secret_size) {
  Form form(secret_size);
  form.add("Action", action);
  form.add("Version", "2011-06-15");
  form.add("RoleArn", role.arn);
  form.add("RoleSessionName", role.session_name.empty() ? "pailfs" : role.session_name);
  form.add("ExternalId", role.external_id);
  form.add("DurationSeconds", role.duration);
  return form;
}

http::Request request_to(const StsEndpoint& endpoint) {
  http::Request request;
  request.method = http::Method::post;
  request.url = endpoint.url + "/";
  request.stall_limit = kStallLimit;
  request.headers.add("Content-Type", std::string(Form::kType));
  return request;
}

/// "AccessDenied: Not authorized to perform ..." where the service says so, else the status.
std::string words_of(const KeyReply& reply) {
  const std::string status = "status " + std::to_string(reply.status);
  const auto document = XmlDocument::parse(reply.body.reveal(), kMaxReply);
  if (!document) return status;
  for (const XmlElement& child : document->root().children()) {
    if (child.name() != "Error") continue;
    const std::string code = child.child_text("Code");
    if (code.empty()) break;
    return printable(code, 80) + ": " + printable(child.child_text("Message"), 300);
  }
  return status;
}

std::string source_of(const RoleRequest& role) {
  return "role " + printable(role.arn, 200);
}

Result<Credentials> exchange(const CredentialContext& world, const StsEndpoint& endpoint,
                             const http::Request& request, const Secret& form,
                             std::string_view action, const RoleRequest& role) {
  const auto reply = ask_for_keys(endpoint.local ? world.transports.local : world.transports.remote,
                                  request, form.reveal(), kTries, "STS at " + endpoint.url);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{ENOKEY, "STS at " + endpoint.url + " does not give the keys of " +
                             source_of(role) + ": " + words_of(*reply)};
  }
  auto keys = parse_sts_reply(reply->body.reveal(), action, source_of(role));
  if (keys) adjust_expiry(*keys, *reply, world.clock);
  return keys;
}

}  // namespace

Result<StsEndpoint> sts_endpoint(const CredentialContext& world, const std::string& region,
                                 const EndpointSettings& profile) {
  StsEndpoint endpoint;
  endpoint.region = region_of_keys(world.config, region);
  const auto url = regional_endpoint(world.config, kSts, profile, "sts", endpoint.region);
  if (!url) return url.error();
  endpoint.url = url->text;
  endpoint.local = url->local;
  const auto global = sts_is_global(world.config, profile, endpoint.region);
  if (!global) return global.error();
  const auto configured = configured_endpoint(world.config, kSts, profile);
  if (*global && configured && !*configured) {
    return StsEndpoint{"https://sts.amazonaws.com", "us-east-1", false};
  }
  return endpoint;
}

Result<Credentials> parse_sts_reply(std::string_view document, std::string_view action,
                                    const std::string& source) {
  const auto unusable = [&](std::string_view what) {
    return Error{ENOKEY, "the reply of STS for " + source + " has no usable " + std::string(what)};
  };
  const auto reply = XmlDocument::parse(document, kMaxReply);
  if (!reply || reply->root().name() != std::string(action) + "Response") {
    return unusable("document");
  }
  for (const XmlElement& result : reply->root().children()) {
    if (result.name() != std::string(action) + "Result") continue;
    for (const XmlElement& element : result.children()) {
      if (element.name() != "Credentials") continue;
      Credentials keys;
      keys.source = source;
      keys.access_key = element.child_text("AccessKeyId");
      keys.secret_key = Secret(element.child_text("SecretAccessKey"));
      keys.session_token = Secret(element.child_text("SessionToken"));
      keys.expires = parse_iso8601(element.child_text("Expiration"));
      if (!is_visible(keys.access_key)) return unusable("AccessKeyId");
      if (!is_visible(keys.secret_key.reveal())) return unusable("SecretAccessKey");
      if (!is_visible(keys.session_token.reveal())) return unusable("SessionToken");
      if (!keys.expires) return unusable("Expiration");
      return keys;
    }
  }
  return unusable("Credentials");
}

Result<Credentials> assume_with_token(const CredentialContext& world, const StsEndpoint& endpoint,
                                      const RoleRequest& role, const Secret& token) {
  Form form = form_for(kTokenAction, role, token.reveal().size());
  form.add("WebIdentityToken", token.reveal());
  return exchange(world, endpoint, request_to(endpoint), form.take(), kTokenAction, role);
}

Result<Credentials> assume_with_keys(const CredentialContext& world, const StsEndpoint& endpoint,
                                     const RoleRequest& role, const Credentials& keys) {
  const Secret form = form_for(kKeysAction, role, 0).take();
  http::Request request = request_to(endpoint);
  SigningKeys derived;
  sign_v4(request, keys, {endpoint.region, "sts", world.clock.wall()},
          hex(digest(Digest::sha256, form.reveal())), derived);
  return exchange(world, endpoint, request, form, kKeysAction, role);
}

}  // namespace pailfs::auth
