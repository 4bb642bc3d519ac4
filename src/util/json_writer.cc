// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/json_writer.h"

#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

namespace pailfs {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string escaped(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      break;
  }
  std::array<char, 7> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(c));
  return text.data();
}

}  // namespace

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = utf8_length(text);
    if (length == 1 && (c < 0x20 || c == 0x7F || c == '"' || c == '\\')) {
      out += escaped(c);
    } else if (length == 0) {
      out += kReplacement;
      length = 1;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out + '"';
}

JsonWriter& JsonWriter::key(std::string_view name) {
  raw(json_quote(name));
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  raw(std::string_view(&bracket, 1));
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view token) {
  if (comma_) text_ += ',';
  text_ += token;
  comma_ = true;
  return *this;
}

}  // namespace pailfs
