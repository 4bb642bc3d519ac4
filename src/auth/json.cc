// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

namespace pailfs::auth {
namespace {

/// RapidJSON 1.1 takes the second half of a surrogate pair alone and makes three bytes of it that
/// are no UTF-8.
bool has_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != text.npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

/// Takes RapidJSON's events. One that returns false ends the reading; why() says the reason.
class Members final {
 public:
  explicit Members(Nested nested) : nested_(nested) {}
  bool Null() { return add({}); }
  bool Bool(bool truth) { return add(JsonKind::boolean, truth ? "true" : "false"); }
  bool Int(int value) { return add(JsonKind::number, std::to_string(value)); }
  bool Uint(unsigned value) { return add(JsonKind::number, std::to_string(value)); }
  bool Int64(std::int64_t value) { return add(JsonKind::number, std::to_string(value)); }
  bool Uint64(std::uint64_t value) { return add(JsonKind::number, std::to_string(value)); }
  bool Double(double /*value*/) { return add(JsonKind::number, {}); }
  /// RapidJSON calls it only with kParseNumbersAsStringsFlag.
  bool RawNumber(const char* /*text*/, std::size_t /*size*/, bool /*copy*/) { return false; }
  bool String(const char* text, std::size_t size, bool /*copy*/) {
    if (has_surrogate({text, size})) return fail("half a surrogate pair");
    return add(JsonKind::string, {text, size});
  }
  bool StartObject() {
    if (depth_ == 1 && nested_ == Nested::flattened) outer_ = name_;
    return enter();
  }
  bool Key(const char* text, std::size_t size, bool /*copy*/) {
    const std::string_view name(text, size);
    if (has_surrogate(name)) return fail("half a surrogate pair");
    if (!is_wanted()) return true;
    if (object_.size() == kMaxJsonMembers) return fail("too many members");
    name_ = (outer_ ? *outer_ + "." : std::string()).append(name);
    if (object_.find(name_) != object_.end()) return fail("a name for the second time");
    return true;
  }
  bool EndObject(std::size_t /*members*/) { return leave(); }
  bool StartArray() { return enter(); }
  bool EndArray(std::size_t /*elements*/) { return leave(); }

  [[nodiscard]] std::string_view why() const { return why_; }
  JsonObject take() { return std::move(object_); }

 private:
  bool enter() {
    if (depth_ == kMaxJsonDepth) return fail("too many levels");
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    if (depth_ == 1 && outer_) {
      name_ = *outer_;
      outer_.reset();
    }
    return !is_wanted() || add(JsonKind::nested, {});
  }
  /// Whether members of the object that is being read are.
  [[nodiscard]] bool is_wanted() const { return depth_ == (outer_ ? 2 : 1); }
  bool add(JsonKind kind, std::string_view text) { return add({kind, Secret(std::string(text))}); }
  bool add(JsonValue value) {
    if (is_wanted()) object_.emplace(name_, std::move(value));
    return true;
  }
  bool fail(std::string_view why) {
    why_ = why;
    return false;
  }

  const Nested nested_;
  JsonObject object_;
  std::string name_;
  std::optional<std::string> outer_;  // name of the object in the object that is being read
  int depth_ = 0;
  std::string_view why_;
};

Error bad(std::string_view why, std::size_t at) {
  if (why.ends_with('.')) why.remove_suffix(1);
  return {EBADMSG, std::string(why) + " at byte " + std::to_string(at)};
}

}  // namespace

Result<JsonObject> parse_json_object(std::string_view text, Nested nested) {
  if (text.size() > kMaxJsonBytes) {
    return Error{EBADMSG, "it has more than " + std::to_string(kMaxJsonBytes) + " bytes"};
  }
  if (const std::size_t zero = text.find('\0'); zero != text.npos) {
    return bad("a zero byte", zero);
  }
  if (const std::size_t first = text.find_first_not_of(" \t\r\n");
      first == text.npos || text[first] != '{') {
    return bad("no object", std::min(first, text.size()));
  }
  // In place, so that strings are decoded here and not on a stack of RapidJSON's, which is never
  // wiped.
  std::string bytes(text);
  rapidjson::InsituStringStream stream(bytes.data());
  Members members(nested);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<rapidjson::kParseInsituFlag>(stream, members);
  const Secret wiped(std::move(bytes));
  if (!result.IsError()) return members.take();
  return members.why().empty() ? bad(rapidjson::GetParseError_En(result.Code()), result.Offset())
                               : bad(members.why(), result.Offset());
}

}  // namespace pailfs::auth
