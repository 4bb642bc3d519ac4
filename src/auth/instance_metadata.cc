// SPDX-License-Identifier: Apache-2.0
// The requests are those of "Use the Instance Metadata Service" in the EC2 user guide.
#include "instance_metadata.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

constexpr std::string_view kTokenPath = "/latest/api/token";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

Error no_key(std::string text) {
  return {ENOKEY, std::move(text)};
}

/// An error when the document's own Code says that it holds no keys.
Status check_code(const JsonObject& document, const std::string& role) {
  const auto code = document.find("Code");
  if (code == document.end()) return {};
  const std::string& word = code->second.text.reveal();
  if (word == "Success") return {};
  return no_key("the metadata service has no credentials for role " + role + ": " +
                printable(word, 64));
}

}  // namespace

bool is_role_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

Result<Credentials> parse_role_credentials(std::string_view document, const std::string& role) {
  const std::string source = "instance role " + role;
  const auto object = parse_key_document(document, source);
  if (!object) return object.error();
  if (const Status good = check_code(*object, role); !good) return good.error();
  return keys_in(*object, {}, source);
}

Result<KeyReply> InstanceMetadata::ask(http::Method method, const std::string& path,
                                       http::Header header) const {
  http::Request request;
  request.method = method;
  request.url = settings_.endpoint + path;
  request.stall_limit = settings_.stall_limit;
  if (!header.name.empty()) request.headers.add(std::move(header.name), std::move(header.value));
  auto answer = ask_for_keys(transport_, request, {}, settings_.tries,
                             "the instance metadata service at " + settings_.endpoint);
  if (answer || method != http::Method::put) return answer;
  return no_key(answer.error().text +
                ". Is this an EC2 instance? A container on one needs a metadata response hop limit "
                "of 2");
}

Error InstanceMetadata::refusal(int status, const std::string& what) const {
  std::string text = "the instance metadata service at " + settings_.endpoint + " refuses " + what +
                     " (status " + std::to_string(status) + ")";
  if (settings_.version1 && status == 401) text += ": it wants version 2, leave out imdsv1only";
  return no_key(std::move(text));
}

Result<Secret> InstanceMetadata::session_token() const {
  auto answer = ask(http::Method::put, std::string(kTokenPath),
                    {"X-aws-ec2-metadata-token-ttl-seconds", "21600"});
  if (!answer) return answer.error();
  if (answer->status != 200) {
    Error error = refusal(answer->status, "a session token");
    error.text += "; if it only speaks version 1, add the option imdsv1only";
    return error;
  }
  Secret token(std::string(trim(answer->body.reveal())));
  if (!is_visible(token.reveal())) {
    return no_key("the instance metadata service sent a session token that cannot be one");
  }
  return token;
}

Result<std::string> InstanceMetadata::role_name(const http::Header& session) const {
  if (!settings_.role.empty()) return settings_.role;
  auto answer = ask(http::Method::get, std::string(kRolePath), session);
  if (!answer) return answer.error();
  if (answer->status == 404) return no_key("this instance has no role attached to it");
  if (answer->status != 200) return refusal(answer->status, "the name of the role");
  const std::string_view text = answer->body.reveal();
  const std::string_view name = trim(text.substr(0, text.find('\n')));
  if (name.empty()) return no_key("this instance has no role attached to it");
  if (!is_role_name(name)) {
    return no_key("the instance metadata service sent a name that no role can have");
  }
  return std::string(name);
}

Result<Credentials> InstanceMetadata::fetch() const {
  http::Header session;
  if (!settings_.version1) {
    const auto token = session_token();
    if (!token) return token.error();
    session = {"X-aws-ec2-metadata-token", token->reveal()};
  }
  const auto role = role_name(session);
  if (!role) return role.error();
  const auto answer = ask(http::Method::get, std::string(kRolePath) + *role, session);
  if (!answer) return answer.error();
  if (answer->status == 404) return no_key("this instance has no role named " + *role);
  if (answer->status != 200) {
    return refusal(answer->status, "the credentials of role " + *role);
  }
  auto fetched = parse_role_credentials(answer->body.reveal(), *role);
  if (fetched) adjust_expiry(*fetched, *answer, clock_);
  return fetched;
}

}  // namespace pailfs::auth
