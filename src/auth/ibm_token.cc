// SPDX-License-Identifier: Apache-2.0
#include "ibm_token.h"

#include <cerrno>
#include <chrono>
#include <string>

#include "bearer_token.h"
#include "form.h"
#include "key_service.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::milliseconds kStallLimit{4000};
constexpr int kTries = 2;

http::Request token_request(const std::string& url) {
  http::Request request;
  request.method = http::Method::post;
  request.url = url + "/identity/token";
  request.stall_limit = kStallLimit;
  request.headers.add("Accept", "application/json");
  request.headers.add("Content-Type", std::string(Form::kType));
  // The name and password of every client that has none of its own: "bx:bx".
  request.headers.add("Authorization", "Basic Yng6Yng=");
  return request;
}

Secret form_for(const Credentials& key) {
  Form form(key.secret_key.reveal().size());
  form.add("grant_type", "urn:ibm:params:oauth:grant-type:apikey");
  form.add("response_type", "cloud_iam");
  form.add("apikey", key.secret_key.reveal());
  return form.take();
}

}  // namespace

Result<Credentials> fetch_ibm_token(const CredentialContext& world, const Credentials& key) {
  const auto url = key_service_url(world.config.ibm_iam_endpoint, "option ibm_iam_endpoint");
  if (!url) return url.error();
  const std::string who = "IBM IAM at " + url->text;
  const Secret form = form_for(key);
  const auto reply = ask_for_keys(url->local ? world.transports.local : world.transports.remote,
                                  token_request(url->text), form.reveal(), kTries, who);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return Error{ENOKEY, who + " gives no token for the API key in " + key.source + ": " +
                             words_of_json(*reply, key.secret_key)};
  }
  return token_in(*reply, "IBM IAM, API key in " + key.source, world.clock);
}

}  // namespace pailfs::auth
