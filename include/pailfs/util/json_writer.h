// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace pailfs {

/// `text` as a JSON string with its quotes (RFC 8259). Control bytes are escaped; bytes that are no
/// UTF-8 become U+FFFD each, because JSON has no other bytes.
std::string json_quote(std::string_view text);

/// Writes one JSON document on one line. It puts the commas; the caller ends everything that it
/// begins and gives every value in an object a key. Not thread-safe.
class JsonWriter final {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text) { return raw(json_quote(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  template <std::integral Number>
  JsonWriter& value(Number number) {
    return raw(std::to_string(number));
  }
  JsonWriter& null() { return raw("null"); }

  template <class Value>
  JsonWriter& member(std::string_view name, const Value& content) {
    return key(name).value(content);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& raw(std::string_view token);

  std::string text_;
  bool comma_ = false;  // before the next key or value
};

}  // namespace pailfs
