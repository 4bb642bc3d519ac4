// SPDX-License-Identifier: Apache-2.0
#include "xml_out.h"

#include <utility>

#include "text.h"

namespace s3d {

XmlWriter::XmlWriter(std::string_view root, bool plain) {
  out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
  out_ += root;
  if (!plain) out_ += " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
  out_ += '>';
  open_.emplace_back(root);
}

void XmlWriter::open(std::string_view name) {
  out_.append("<").append(name).append(">");
  open_.emplace_back(name);
}

void XmlWriter::close() {
  out_.append("</").append(open_.back()).append(">");
  open_.pop_back();
}

void XmlWriter::element(std::string_view name, std::string_view text) {
  out_.append("<").append(name);
  if (text.empty()) {
    out_ += "/>";
    return;
  }
  out_ += '>';
  append_escaped(out_, text);
  out_.append("</").append(name).append(">");
}

void XmlWriter::etag(std::string_view bare) {
  out_ += "<ETag>&quot;";
  append_escaped(out_, bare);
  out_ += "&quot;</ETag>";
}

void XmlWriter::element(std::string_view name, std::uint64_t value) {
  element(name, std::to_string(value));
}

std::string XmlWriter::finish() {
  while (!open_.empty()) close();
  return std::move(out_);
}

void append_escaped(std::string& out, std::string_view text) {
  auto special = [](char c) {
    return c == '&' || c == '<' || c == '>' || c == '"' ||
           (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t');
  };
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && !special(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    switch (text.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.append("&#x").append(hex(text.substr(0, 1))).append(";");
    }
    text.remove_prefix(1);
  }
}

std::string xml_escape(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string error_document(const S3Error& error, std::string_view request_id) {
  XmlWriter xml("Error", true);
  xml.element("Code", error.code);
  xml.element("Message", error.message.empty() ? message_of(error.code) : error.message);
  for (const auto& [name, value] : error.details) xml.element(name, value);
  xml.element("RequestId", request_id);
  xml.element("HostId", "cGFpbGZzLXMzZCBob3N0IGlkIG9mIHRoZSB0ZXN0IHNlcnZlcg==");
  return xml.finish();
}

}  // namespace s3d
