// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/xml_document.h"

#include <mutex>
#include <optional>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "pailfs/util/text.h"

namespace pailfs {
namespace {

constexpr int kMaxDepth = 32;

std::string_view view(const xmlChar* text) {
  if (text == nullptr) return {};
  // xmlChar is unsigned char holding UTF-8.
  return reinterpret_cast<const char*>(text);  // NOLINT
}

bool is_illegal(std::uint64_t code) {
  return code < 0x20 && code != '\t' && code != '\n' && code != '\r';
}

/// "&#x1;" or "&#1;" at `at`: the character it names if XML forbids it, and where it ends.
std::optional<std::pair<char, std::size_t>> illegal_reference(std::string_view text,
                                                              std::size_t at) {
  if (text.substr(at, 2) != "&#") return std::nullopt;
  const std::size_t end = text.find(';', at);
  if (end == std::string_view::npos || end - at > 12) return std::nullopt;
  std::string_view digits = text.substr(at + 2, end - at - 2);
  const bool hexadecimal = digits.starts_with('x');
  if (hexadecimal) digits.remove_prefix(1);
  const std::optional<std::uint64_t> code = parse_uint(digits, hexadecimal ? 16 : 10);
  if (!code || !is_illegal(*code) || *code == 0) return std::nullopt;
  return std::pair{static_cast<char>(*code), end + 1};
}

/// A private-use character of plane 16 that the document does not contain: it stands, followed by
/// a letter, for a character that XML cannot hold.
std::string unused_marker(std::string_view text) {
  for (char last = '\x80'; last != '\xbf'; ++last) {
    const std::string marker = std::string("\xf4\x8f\xbc") + last;
    if (text.find(marker) == std::string_view::npos) return marker;
  }
  return {};
}

/// Illegal control characters and references to them, replaced by marker and letter.
std::string without_controls(std::string_view text, const std::string& marker) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '&') {
      if (const auto reference = illegal_reference(text, at)) {
        out.append(marker).append(1, static_cast<char>(reference->first + '@'));
        at = reference->second;
        continue;
      }
    } else if (is_illegal(byte) && byte != 0) {
      out.append(marker).append(1, static_cast<char>(byte + '@'));
      ++at;
      continue;
    }
    out += text[at++];
  }
  return out;
}

bool deeper_than(const xmlNode* node, int levels) {
  for (; node != nullptr; node = node->next) {
    if (node->type != XML_ELEMENT_NODE) continue;
    if (levels == 0 || deeper_than(node->children, levels - 1)) return true;
  }
  return false;
}

Error not_xml(const std::string& why) {
  return {EIO, "the reply is not the XML that S3 sends: " + why};
}

}  // namespace

void XmlDocument::Free::operator()(_xmlDoc* document) const {
  xmlFreeDoc(document);
}

Result<XmlDocument> XmlDocument::parse(std::string_view bytes, std::size_t limit) {
  static std::once_flag once;
  std::call_once(once, xmlInitParser);
  if (bytes.size() > limit) return not_xml("larger than " + human_size(limit));
  bytes = bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  if (bytes.empty()) return not_xml("empty");
  // Refused before parsing: entity definitions are how small documents become large ones.
  if (bytes.find("<!DOCTYPE") != std::string_view::npos) return not_xml("it has a DOCTYPE");

  XmlDocument parsed;
  parsed.marker_ = std::make_unique<std::string>(unused_marker(bytes));
  const std::string clean =
      parsed.marker_->empty() ? std::string(bytes) : without_controls(bytes, *parsed.marker_);
  parsed.document_.reset(xmlReadMemory(clean.data(), static_cast<int>(clean.size()), nullptr,
                                       nullptr,
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (!parsed.document_) return not_xml("malformed or cut short");
  if (xmlGetIntSubset(parsed.document_.get()) != nullptr) return not_xml("it has a DOCTYPE");
  const xmlNode* root = xmlDocGetRootElement(parsed.document_.get());
  if (root == nullptr) return not_xml("no element");
  if (deeper_than(root, kMaxDepth)) return not_xml("nested too deep");
  return parsed;
}

XmlElement XmlDocument::root() const {
  return {xmlDocGetRootElement(document_.get()), *marker_};
}

std::string_view XmlElement::name() const {
  return view(node_->name);
}

std::string XmlElement::text() const {
  std::string out;
  for (const xmlNode* node = node_->children; node != nullptr; node = node->next) {
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
      out += view(node->content);
  }
  if (marker_.empty()) return out;
  for (std::size_t at = out.find(marker_); at != std::string::npos; at = out.find(marker_, at)) {
    const std::size_t letter = at + marker_.size();
    if (letter >= out.size()) break;
    out.replace(at, marker_.size() + 1, 1, static_cast<char>(out[letter] - '@'));
  }
  return out;
}

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> out;
  for (const xmlNode* node = node_->children; node != nullptr; node = node->next) {
    if (node->type == XML_ELEMENT_NODE) out.emplace_back(node, marker_);
  }
  return out;
}

std::string XmlElement::child_text(std::string_view child) const {
  for (const xmlNode* node = node_->children; node != nullptr; node = node->next) {
    if (node->type == XML_ELEMENT_NODE && view(node->name) == child)
      return XmlElement(node, marker_).text();
  }
  return {};
}

bool XmlElement::has_child(std::string_view child) const {
  for (const xmlNode* node = node_->children; node != nullptr; node = node->next) {
    if (node->type == XML_ELEMENT_NODE && view(node->name) == child) return true;
  }
  return false;
}

}  // namespace pailfs
