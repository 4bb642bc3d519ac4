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
  out_.append(">").append(xml_escape(text)).append("</").append(name).append(">");
}

void XmlWriter::element(std::string_view name, std::uint64_t value) {
  element(name, std::to_string(value));
}

std::string XmlWriter::finish() {
  while (!open_.empty()) close();
  return std::move(out_);
}

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (char c : text) {
    switch (c) {
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
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
          out.append("&#x").append(hex(std::string_view(&c, 1))).append(";");
        } else {
          out += c;
        }
    }
  }
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
