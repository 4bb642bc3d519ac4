// SPDX-License-Identifier: Apache-2.0
#include "key_service.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <utility>

#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

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

/// The text of a string member that could be a key, or nothing.
const std::string* visible_text(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || found->second.kind != JsonKind::string) return nullptr;
  const std::string& text = found->second.text.reveal();
  return is_visible(text) ? &text : nullptr;
}

/// The member is missing, null or empty.
bool is_absent(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->second.kind == JsonKind::null ||
         (found->second.kind == JsonKind::string && found->second.text.empty());
}

}  // namespace

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<KeyReply> ask_for_keys(http::Transport& transport, const http::Request& request,
                              std::string_view body, int tries, const std::string& who) {
  std::string problem;
  for (int tried = 0; tried < tries; ++tried) {
    Document document;
    MemorySource bytes(body);
    const http::Exchange exchange =
        transport.perform(request, body.empty() ? nullptr : &bytes, &document);
    if (document.too_long()) return Error{ENOKEY, "the answer of " + who + " is too long"};
    const bool answered = exchange.failure == http::Failure::none;
    if (answered && exchange.status < 500 && exchange.status != 429) {
      const auto date = exchange.headers.find("Date");
      return KeyReply{exchange.status, document.take(),
                      date ? parse_http_date(*date) : std::optional<WallTime>()};
    }
    problem = answered ? "status " + std::to_string(exchange.status) : exchange.detail;
  }
  return Error{ENOKEY, who + " does not answer: " + problem};
}

Result<JsonObject> parse_key_document(std::string_view text, const std::string& source) {
  auto object = parse_json_object(text);
  if (object) return object;
  return Error{ENOKEY,
               "the credentials of " + source + " are not a JSON object: " + object.error().text};
}

Result<Credentials> keys_in(const JsonObject& document, const KeyForm& form,
                            const std::string& source) {
  const auto unusable = [&](std::string_view name) {
    return Error{ENOKEY, "the credentials of " + source + " have no usable " + std::string(name)};
  };
  Credentials keys;
  keys.source = source;
  const std::string* access = visible_text(document, "AccessKeyId");
  if (access == nullptr) return unusable("AccessKeyId");
  const std::string* secret = visible_text(document, "SecretAccessKey");
  if (secret == nullptr) return unusable("SecretAccessKey");
  keys.access_key = *access;
  keys.secret_key = Secret(*secret);
  if (form.temporary || !is_absent(document, form.token)) {
    const std::string* token = visible_text(document, form.token);
    if (token == nullptr) return unusable(form.token);
    keys.session_token = Secret(*token);
  }
  if (form.temporary || !is_absent(document, "Expiration")) {
    const std::string* text = visible_text(document, "Expiration");
    if (text != nullptr) keys.expires = parse_iso8601(*text);
    if (!keys.expires) return unusable("Expiration");
  }
  return keys;
}

void adjust_expiry(Credentials& credentials, const KeyReply& reply, const Clock& clock) {
  if (credentials.expires && reply.date) *credentials.expires += clock.wall() - *reply.date;
}

Result<KeyServiceUrl> key_service_url(const std::string& given, const std::string& name) {
  const auto url = parse_url(given);
  if (!url) return Error{EINVAL, name + ": " + url.error().text};
  const bool local = url->scheme == "http";
  if (local && !is_loopback(*url)) {
    return Error{
        EINVAL, name + " is " + url->text() + ": http is allowed for this machine only, use https"};
  }
  return KeyServiceUrl{url->text(), local};
}

std::string words_of_json(const KeyReply& reply, const Secret& secret) {
  const std::string status = "status " + std::to_string(reply.status);
  const auto said = parse_json_object(reply.body.reveal());
  if (!said) return status;
  const auto first_of = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const auto found = said->find(name);
      if (found == said->end() || found->second.kind != JsonKind::string) continue;
      const std::string& text = found->second.text.reveal();
      if (!secret.empty() && text.find(secret.reveal()) != std::string::npos) continue;
      if (!text.empty()) return printable(text, 300);
    }
    return std::string();
  };
  const std::string code = first_of({"errorCode", "error", "__type", "code"});
  const std::string message = first_of({"errorMessage", "error_description", "message", "Message"});
  if (code.empty() && message.empty()) return status;
  return code.empty() || message.empty() ? code + message : code + ": " + message;
}

}  // namespace pailfs::auth
