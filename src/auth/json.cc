// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

namespace pailfs::auth {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value)));
  };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0U | code >> 6U);
    byte(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    byte(0xe0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  } else {
    byte(0xf0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3fU));
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  }
}

/// Walks the document once. A step returns false after noting why; nothing is read after that.
class Reader final {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<JsonObject> run() {
    if (text_.size() > kMaxJsonBytes) {
      return Error{EBADMSG, "it has more than " + std::to_string(kMaxJsonBytes) + " bytes"};
    }
    JsonObject object;
    if (document(object)) return object;
    return Error{EBADMSG, std::string(why_) + " at byte " + std::to_string(at_)};
  }

 private:
  bool document(JsonObject& object) {
    skip_blanks();
    const auto member = [&](std::string name) {
      if (object.size() == kMaxJsonMembers) return fail("too many members");
      JsonValue value;
      if (object.find(name) != object.end()) return fail("a name for the second time");
      if (!read_value(value, 1)) return false;
      object.emplace(std::move(name), std::move(value));
      return true;
    };
    if (!read_object(member)) return false;
    skip_blanks();
    return at_ == text_.size() || fail("text after the object");
  }

  /// Hands each name to `member`, which reads the value.
  template <class Member>
  bool read_object(Member member) {
    if (!take('{')) return fail("no object");
    skip_blanks();
    if (take('}')) return true;
    do {
      skip_blanks();
      std::string name;
      if (!read_string(name)) return false;
      skip_blanks();
      if (!take(':')) return fail("no colon after a name");
      skip_blanks();
      if (!member(std::move(name))) return false;
      skip_blanks();
    } while (take(','));
    return take('}') || fail("neither comma nor end after a member");
  }

  bool skip_array(int depth) {
    if (!take('[')) return fail("no array");
    skip_blanks();
    if (take(']')) return true;
    do {
      skip_blanks();
      JsonValue ignored;
      if (!read_value(ignored, depth)) return false;
      skip_blanks();
    } while (take(','));
    return take(']') || fail("neither comma nor end after an element");
  }

  bool read_value(JsonValue& value, int depth) {
    const char first = peek();
    if (first == '{' || first == '[') {
      if (depth == kMaxJsonDepth) return fail("too many levels");
      value.kind = JsonKind::nested;
      if (first == '[') return skip_array(depth + 1);
      return read_object([&](const std::string& /*name*/) {
        JsonValue ignored;
        return read_value(ignored, depth + 1);
      });
    }
    if (first == '"') {
      std::string text;
      const bool complete = read_string(text);
      value = {JsonKind::string, Secret(std::move(text))};
      return complete;
    }
    if (first == '-' || is_digit(first)) return read_number(value);
    return read_word(value);
  }

  bool read_word(JsonValue& value) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      if (word == "null") return true;
      value = {JsonKind::boolean, Secret(std::string(word))};
      return true;
    }
    return fail("no value");
  }

  bool read_number(JsonValue& value) {
    const std::size_t start = at_;
    static_cast<void>(take('-'));
    if (!take('0') && !skip_digits()) return fail("no digit");
    if (take('.') && !skip_digits()) return fail("no digit");
    if (take('e') || take('E')) {
      if (!take('+')) static_cast<void>(take('-'));
      if (!skip_digits()) return fail("no digit");
    }
    value = {JsonKind::number, Secret(std::string(text_.substr(start, at_ - start)))};
    return true;
  }

  bool read_string(std::string& out) {
    if (!take('"')) return fail("no string");
    // Decoding never makes it longer, and a string that never grows leaves no copies behind.
    const std::size_t quote = text_.find('"', at_);
    out.reserve(std::min(quote, text_.size()) - at_);
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control byte in a string");
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out.push_back(c);
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return fail("an unfinished string");
  }

  bool read_escape(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return read_code(out);
    const std::size_t index = at_ < text_.size() ? kNames.find(text_[at_]) : kNames.npos;
    if (index == kNames.npos) return fail("an unknown escape");
    ++at_;
    out.push_back(kMeanings[index]);
    return true;
  }

  bool read_code(std::string& out) {
    auto code = read_unit();
    if (!code) return false;
    if (*code >= 0xdc00 && *code < 0xe000) return fail("half a surrogate pair");
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (!take('\\') || !take('u')) return fail("half a surrogate pair");
      const auto low = read_unit();
      if (!low) return false;
      if (*low < 0xdc00 || *low >= 0xe000) return fail("half a surrogate pair");
      code = 0x10000 + ((*code - 0xd800) << 10U) + (*low - 0xdc00);
    }
    append_utf8(out, *code);
    return true;
  }

  /// Four hexadecimal digits.
  std::optional<std::uint32_t> read_unit() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      unit <<= 4U;
      if (is_digit(c)) {
        unit += static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        unit += static_cast<std::uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        unit += static_cast<std::uint32_t>(c - 'A' + 10);
      } else {
        fail("no hexadecimal digit");
        return std::nullopt;
      }
    }
    return unit;
  }

  bool skip_digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start;
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  /// Zero at the end, where no JSON can have one.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  /// Always false, for `return fail(...)`.
  bool fail(std::string_view why) {
    why_ = why;
    return false;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string_view why_;
};

}  // namespace

Result<JsonObject> parse_json_object(std::string_view text) {
  return Reader(text).run();
}

}  // namespace pailfs::auth
