// SPDX-License-Identifier: Apache-2.0
// The requests are those of "Use the Instance Metadata Service" in the EC2 user guide.
#include "instance_metadata.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "pailfs/util/text.h"

#include "json.h"

namespace pailfs::s3 {
namespace {

constexpr std::chrono::milliseconds kStallLimit{1000};
constexpr int kTries = 2;
constexpr std::string_view kTokenPath = "/latest/api/token";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

/// A short document. The bytes are wiped with it.
class Document final : public http::BodySink {
 public:
  Document() { bytes_.reserve(kMaxJsonBytes); }  // never moved: no copies are left behind
  ~Document() override { static_cast<void>(take()); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  bool begin(const http::Exchange& /*head*/) override { return true; }
  bool write(std::span<const char> bytes) override {
    too_long_ = bytes_.size() + bytes.size() > kMaxJsonBytes;
    if (!too_long_) bytes_.append(bytes.data(), bytes.size());
    return !too_long_;
  }
  [[nodiscard]] bool too_long() const { return too_long_; }
  Secret take() { return Secret(std::move(bytes_)); }

 private:
  std::string bytes_;
  bool too_long_ = false;
};

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Error no_key(std::string text) {
  return {ENOKEY, "iam_role: " + std::move(text)};
}

/// The text of a string member that could be a key, or nothing.
const std::string* visible_text(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || found->second.kind != JsonKind::string) return nullptr;
  const std::string& text = found->second.text.reveal();
  return is_visible(text) ? &text : nullptr;
}

}  // namespace

struct InstanceMetadata::Answer {
  int status = 0;
  Secret body;
  std::optional<WallTime> date;
};

bool is_role_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

Result<RoleCredentials> parse_role_credentials(std::string_view document, const std::string& role) {
  const std::string subject = "the credentials of instance role " + role;
  const auto object = parse_json_object(document);
  if (!object) return no_key(subject + " are not a JSON object: " + object.error().text);
  if (const auto code = object->find("Code"); code != object->end()) {
    const std::string& word = code->second.text.reveal();
    if (word != "Success") {
      return no_key("the metadata service has no credentials for role " + role + ": " +
                    printable(word, 64));
    }
  }
  constexpr std::string_view kNames[] = {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"};
  const std::string* texts[std::size(kNames)] = {};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    texts[i] = visible_text(*object, kNames[i]);
    if (texts[i] == nullptr) return no_key(subject + " have no usable " + std::string(kNames[i]));
  }
  const auto expires = parse_iso8601(*texts[3]);
  if (!expires) return no_key(subject + " have no usable Expiration");
  return RoleCredentials{{*texts[0], Secret(*texts[1]), Secret(*texts[2]), "instance role " + role},
                         *expires};
}

Result<InstanceMetadata::Answer> InstanceMetadata::ask(http::Method method, const std::string& path,
                                                       http::Header header) const {
  http::Request request;
  request.method = method;
  request.url = settings_.endpoint + path;
  request.stall_limit = kStallLimit;
  if (!header.name.empty()) request.headers.add(std::move(header.name), std::move(header.value));

  std::string problem;
  for (int tried = 0; tried < kTries; ++tried) {
    Document document;
    const http::Exchange exchange = transport_.perform(request, nullptr, &document);
    if (document.too_long()) {
      return no_key("the answer of " + settings_.endpoint + " to " + path + " is too long");
    }
    const bool answered = exchange.failure == http::Failure::none;
    if (answered && exchange.status < 500 && exchange.status != 429) {
      const auto date = exchange.headers.find("Date");
      return Answer{exchange.status, document.take(),
                    date ? parse_http_date(*date) : std::optional<WallTime>()};
    }
    problem = answered ? "status " + std::to_string(exchange.status) : exchange.detail;
  }
  std::string text = "the instance metadata service does not answer: " + problem;
  if (method == http::Method::put) {
    text +=
        ". Is this an EC2 instance? A container on one needs a metadata response hop limit of 2";
  }
  return no_key(std::move(text));
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

Result<RoleCredentials> InstanceMetadata::fetch() const {
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
  // What counts is how long they live; a machine whose clock is wrong gets along with that.
  if (fetched && answer->date) fetched->expires += clock_.wall() - *answer->date;
  return fetched;
}

}  // namespace pailfs::s3
