// SPDX-License-Identifier: Apache-2.0
#include "xattr_header.h"

#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

const Error kMalformed{EIO, "x-amz-meta-xattr is not of the form s3fs writes"};

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0U | code >> 6U));
    out.push_back(static_cast<char>(0x80U | (code & 63U)));
  } else {
    out.push_back(static_cast<char>(0xE0U | code >> 12U));
    out.push_back(static_cast<char>(0x80U | (code >> 6U & 63U)));
    out.push_back(static_cast<char>(0x80U | (code & 63U)));
  }
}

/// Takes one JSON string off the front of `rest`; false if there is none.
bool take_string(std::string_view& rest, std::string& out) {
  if (!rest.starts_with('"')) return false;
  rest.remove_prefix(1);
  out.clear();
  while (!rest.empty() && rest[0] != '"') {
    if (rest[0] != '\\') {
      out.push_back(rest[0]);
      rest.remove_prefix(1);
      continue;
    }
    if (rest.size() < 2) return false;
    const char escape = rest[1];
    rest.remove_prefix(2);
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const std::size_t plain = kFrom.find(escape);
    if (plain != std::string_view::npos) {
      out.push_back(kTo[plain]);
      continue;
    }
    const auto code =
        escape == 'u' && rest.size() >= 4 ? parse_uint(rest.substr(0, 4), 16) : std::nullopt;
    if (!code) return false;
    append_utf8(static_cast<std::uint32_t>(*code), out);
    rest.remove_prefix(4);
  }
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  return true;
}

bool take(std::string_view& rest, char wanted) {
  rest = trim(rest);
  if (!rest.starts_with(wanted)) return false;
  rest.remove_prefix(1);
  rest = trim(rest);
  return true;
}

void append_quoted(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escaped.data();
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

Result<Xattrs> decode_xattrs(std::string_view header) {
  const std::string json = percent_decode(header);
  std::string_view rest = json;
  Xattrs xattrs;
  if (!take(rest, '{')) return kMalformed;
  if (take(rest, '}')) return rest.empty() ? Result<Xattrs>(xattrs) : kMalformed;
  std::string name;
  std::string encoded;
  do {
    if (!take_string(rest, name) || !take(rest, ':') || !take_string(rest, encoded)) {
      return kMalformed;
    }
    auto value = base64_decode(encoded);
    if (!value) return kMalformed;
    xattrs[name] = std::move(*value);
  } while (take(rest, ','));
  if (!take(rest, '}') || !rest.empty()) return kMalformed;
  return xattrs;
}

std::string encode_xattrs(const Xattrs& xattrs) {
  std::string json = "{";
  for (const auto& [name, value] : xattrs) {
    if (json.size() > 1) json += ',';
    append_quoted(name, json);
    json += ':';
    append_quoted(base64(value), json);
  }
  json += '}';
  return percent_encode(json, false);
}

}  // namespace pailfs::fs
