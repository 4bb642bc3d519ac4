// SPDX-License-Identifier: Apache-2.0
#include "xml_in.h"

#include <memory>
#include <utility>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "text.h"

namespace s3d {
namespace {

struct FreeDoc {
  void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
};
using Doc = std::unique_ptr<xmlDoc, FreeDoc>;

std::string_view name_of(const xmlNode* node) {
  return reinterpret_cast<const char*>(node->name);
}

std::string text_of(xmlNode* node) {
  xmlChar* text = xmlNodeGetContent(node);
  std::string out = text ? reinterpret_cast<const char*>(text) : "";
  xmlFree(text);
  return out;
}

/// Element children only.
std::vector<xmlNode*> children(const xmlNode* node) {
  std::vector<xmlNode*> out;
  for (xmlNode* child = node->children; child != nullptr; child = child->next)
    if (child->type == XML_ELEMENT_NODE) out.push_back(child);
  return out;
}

Doc parse(std::string_view xml, std::string_view root) {
  Doc doc(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (!doc || doc->intSubset != nullptr) return nullptr;
  xmlNode* top = xmlDocGetRootElement(doc.get());
  return top != nullptr && name_of(top) == root ? std::move(doc) : nullptr;
}

std::optional<PartClaim> parse_part(const xmlNode* node) {
  PartClaim claim;
  for (xmlNode* child : children(node)) {
    std::string_view name = name_of(child);
    std::string text(trim(text_of(child)));
    if (name == "PartNumber") {
      auto number = parse_u64(text);
      if (!number || *number < 1 || *number > kMaxParts) return std::nullopt;
      claim.number = static_cast<int>(*number);
    } else if (name == "ETag") {
      claim.etag = std::move(text);
    } else if (name.starts_with("Checksum")) {
      claim.checksums.add("x-amz-checksum-" + to_lower(name.substr(8)), std::move(text));
    } else {
      return std::nullopt;
    }
  }
  if (claim.number == 0 || claim.etag.empty()) return std::nullopt;
  return claim;
}

}  // namespace

void init_xml() {
  xmlInitParser();
}

std::optional<DeleteRequest> parse_delete(std::string_view xml) {
  Doc doc = parse(xml, "Delete");
  if (!doc) return std::nullopt;
  DeleteRequest request;
  for (xmlNode* node : children(xmlDocGetRootElement(doc.get()))) {
    if (name_of(node) == "Quiet") {
      request.quiet = trim(text_of(node)) == "true";
      continue;
    }
    if (name_of(node) != "Object") return std::nullopt;
    DeleteRequest::Object object;
    for (xmlNode* child : children(node)) {
      if (name_of(child) == "Key") object.key = text_of(child);
      if (name_of(child) == "ETag") object.etag = text_of(child);
    }
    if (object.key.empty()) return std::nullopt;
    request.objects.push_back(std::move(object));
  }
  if (request.objects.empty() || request.objects.size() > 1000) return std::nullopt;
  return request;
}

std::optional<std::vector<PartClaim>> parse_complete(std::string_view xml) {
  Doc doc = parse(xml, "CompleteMultipartUpload");
  if (!doc) return std::nullopt;
  std::vector<PartClaim> claims;
  for (xmlNode* node : children(xmlDocGetRootElement(doc.get()))) {
    auto claim = name_of(node) == "Part" ? parse_part(node) : std::nullopt;
    if (!claim) return std::nullopt;
    claims.push_back(*std::move(claim));
  }
  if (claims.empty() || claims.size() > kMaxParts) return std::nullopt;
  return claims;
}

std::optional<std::string> parse_bucket_configuration(std::string_view xml) {
  Doc doc = parse(xml, "CreateBucketConfiguration");
  if (!doc) return std::nullopt;
  for (xmlNode* node : children(xmlDocGetRootElement(doc.get())))
    if (name_of(node) == "LocationConstraint") return std::string(trim(text_of(node)));
  return std::string();
}

}  // namespace s3d
