// SPDX-License-Identifier: Apache-2.0
#include "wtf8.h"

#include <algorithm>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// U+E000 + byte is EE 80+(byte >> 6) 80+(byte & 63).
bool is_escape(std::string_view sequence) {
  return sequence.size() >= 3 && sequence[0] == '\xee' && (sequence[1] & '\xfc') == '\x80';
}

/// C1 controls are left out by utf8_length, which minds terminals.
std::size_t length_of_sequence(std::string_view text) {
  const bool control = text.size() >= 2 && text[0] == '\xc2' && (text[1] & '\xc0') == '\x80';
  return control ? 2 : utf8_length(text);
}

void append_escape(unsigned char byte, std::string& out) {
  out += '\xee';
  out += static_cast<char>(0x80U | byte >> 6U);
  out += static_cast<char>(0x80U | (byte & 63U));
}

}  // namespace

std::string encode_wtf8(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t valid = length_of_sequence(name);
    const bool plain = valid > 0 && !(valid == 3 && is_escape(name));
    const std::size_t length = std::max<std::size_t>(valid, 1);
    if (plain) {
      out += name.substr(0, length);
    } else {
      for (const char byte : name.substr(0, length)) {
        append_escape(static_cast<unsigned char>(byte), out);
      }
    }
    name.remove_prefix(length);
  }
  return out;
}

std::string decode_wtf8(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    if (!is_escape(name)) {
      out += name.front();
      name.remove_prefix(1);
      continue;
    }
    const auto high = static_cast<unsigned char>(name[1]) & 3U;
    const auto low = static_cast<unsigned char>(name[2]) & 63U;
    out += static_cast<char>(high << 6U | low);
    name.remove_prefix(3);
  }
  return out;
}

}  // namespace pailfs::fs
