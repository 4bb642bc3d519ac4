// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <algorithm>
#include <utility>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::string_view kScheme = "Bearer ";

Reply json(int status, std::string text) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json");
  reply.body = Body(std::move(text));
  return reply;
}

Reply refusal(std::string_view code, std::string_view message) {
  return json(400, "{\"errorCode\":" + json_quote(code) + ",\"errorMessage\":" +
                       json_quote(message) + ",\"context\":{\"requestId\":\"1\"}}");
}

/// A form's fields; a name that stands twice has no value.
std::map<std::string, std::string> fields_of(std::string_view form) {
  std::map<std::string, std::string> fields;
  for (std::string_view field : split(form, '&')) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name(field.substr(0, equals));
    const auto value = percent_decode(field.substr(equals + 1), true);
    const bool added = fields.emplace(name, value.value_or("")).second;
    if (!added) fields[name].clear();
  }
  return fields;
}

}  // namespace

void Tokens::set_api_key(std::string key) {
  std::lock_guard lock(mutex_);
  api_key_ = std::move(key);
}

void Tokens::set_google_account(GoogleAccount account) {
  std::lock_guard lock(mutex_);
  account_ = std::move(account);
}

void Tokens::set_lifetime(std::int64_t seconds) {
  std::lock_guard lock(mutex_);
  lifetime_ = seconds;
}

void Tokens::add(const std::string& token, std::time_t end) {
  std::lock_guard lock(mutex_);
  ends_[token] = end;
}

void Tokens::revoke() {
  std::lock_guard lock(mutex_);
  for (auto& [token, end] : ends_) end = 0;
}

std::vector<std::string> Tokens::all() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> tokens;
  for (const auto& [token, end] : ends_) tokens.push_back(token);
  return tokens;
}

bool Tokens::in_use() const {
  std::lock_guard lock(mutex_);
  return !api_key_.empty() || !account_.email.empty() || !ends_.empty();
}

bool Tokens::accepts(std::string_view authorization, std::time_t now) const {
  if (!authorization.starts_with(kScheme)) return false;
  std::lock_guard lock(mutex_);
  const auto found = ends_.find(authorization.substr(kScheme.size()));
  return found != ends_.end() && now < found->second;
}

Reply Tokens::give_ibm(const RequestHead& head, const Body& body, std::time_t now) {
  const std::string_view type = head.headers.get("content-type");
  if (head.method != "POST" || !type.starts_with("application/x-www-form-urlencoded"))
    return refusal("BXNIM0109E", "Property missing or empty: 'grant_type'.");
  const std::string_view client = head.headers.get("authorization");
  if (!client.empty() && client != "Basic Yng6Yng=")
    return refusal("BXNIM0306E", "Client credentials provided are not valid.");
  auto fields = fields_of(body.to_string());
  if (fields["grant_type"] != "urn:ibm:params:oauth:grant-type:apikey")
    return refusal("BXNIM0116E", "Provided grant_type is not supported.");
  std::string token = "eyJ" + hex(random_bytes(24)) + ".-_~+/=";
  std::lock_guard lock(mutex_);
  if (api_key_.empty() || fields["apikey"] != api_key_)
    return refusal("BXNIM0415E", "Provided API key could not be found.");
  ends_[token] = now + lifetime_;
  return json(200, "{\"access_token\":" + json_quote(token) +
                       ",\"refresh_token\":\"not_supported\",\"token_type\":\"Bearer\","
                       "\"expires_in\":" +
                       std::to_string(lifetime_) + ",\"expiration\":" +
                       std::to_string(now + lifetime_) + ",\"scope\":\"ibm openid\"}");
}

Reply Tokens::google_token(std::time_t now) {
  const std::string token = "ya29." + hex(random_bytes(24));
  ends_[token] = now + lifetime_;
  return json(200, "{\"access_token\":" + json_quote(token) + ",\"expires_in\":" +
                       std::to_string(lifetime_) + ",\"token_type\":\"Bearer\"}");
}

Reply Tokens::give_google(const RequestHead& head, const Body& body, const std::string& url,
                          std::time_t now) {
  const std::string_view type = head.headers.get("content-type");
  auto fields = fields_of(body.to_string());
  const bool asked = head.method == "POST" && type.starts_with("application/x-www-form-urlencoded");
  if (!asked || fields["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return json(400,
                R"({"error":"unsupported_grant_type","error_description":"Invalid grant_type"})");
  std::lock_guard lock(mutex_);
  const std::string fault = judge_assertion(account_, fields["assertion"], url, now);
  if (fault.empty()) return google_token(now);
  return json(400, "{\"error\":\"invalid_grant\",\"error_description\":" + json_quote(fault) + "}");
}

Reply Tokens::give_machine(const RequestHead& head, std::time_t now) {
  if (head.headers.get("metadata-flavor") != "Google")
    return json(403, "Missing Metadata-Flavor:Google header.");
  std::lock_guard lock(mutex_);
  return account_.email.empty() ? json(404, "not found") : google_token(now);
}

Reply Tokens::give_role(const RequestHead& head, const Credentials& keys, std::time_t now) const {
  const std::string token(head.headers.get("x-amz-sso_bearer_token"));
  if (!accepts(std::string(kScheme) + token, now))
    return json(401, R"({"message":"Session token not found or invalid"})");
  if (head.param_or_empty("account_id").size() != 12 || head.param_or_empty("role_name").empty())
    return json(400, R"({"message":"Invalid account or role"})");
  std::int64_t lifetime = 0;
  {
    std::lock_guard lock(mutex_);
    lifetime = lifetime_;
  }
  return json(200, "{\"roleCredentials\":{\"accessKeyId\":" + json_quote(keys.access_key) +
                       ",\"secretAccessKey\":" + json_quote(keys.secret_key) +
                       ",\"sessionToken\":" + json_quote(keys.session_token) +
                       ",\"expiration\":" + std::to_string((now + lifetime) * 1000) + "}}");
}

}  // namespace s3d
