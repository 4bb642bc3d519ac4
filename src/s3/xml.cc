// SPDX-License-Identifier: Apache-2.0
#include "xml.h"

#include <algorithm>

#include "pailfs/util/text.h"
#include "pailfs/util/xml_document.h"

namespace pailfs::s3 {
namespace {

Error unexpected(const std::string& what) {
  return {EIO, "the reply is not what S3 sends: " + what};
}

Result<XmlDocument> parse_as(std::string_view body, std::string_view root) {
  Result<XmlDocument> document = XmlDocument::parse(body, kMaxListBytes);
  if (!document) return document;
  if (const std::string name(document->root().name()); name != root)
    return unexpected("<" + printable(name, 60) + "> where <" + std::string(root) + "> belongs");
  return document;
}

/// Parses a reply with any root but <Error>, because services differ in the root's name.
Result<XmlDocument> parse_any(std::string_view body) {
  Result<XmlDocument> document = XmlDocument::parse(body, kMaxListBytes);
  if (document && document->root().name() == "Error") return unexpected("an error");
  return document;
}

/// encoding-type=url is form encoding: AWS and MinIO write a blank as '+', and '+' always as %2B.
std::string decode_name(std::string text, bool encoded) {
  if (!encoded) return text;
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decode(text);
}

bool is_url_encoded(const XmlElement& root) {
  return equals_ignoring_case(trim(root.child_text("EncodingType")), "url");
}

Result<bool> truncation(const XmlElement& root) {
  const std::string text = to_lower(trim(root.child_text("IsTruncated")));
  if (text == "true") return true;
  if (text == "false") return false;
  return unexpected("no IsTruncated");
}

Result<WallTime> time_of(const XmlElement& element, std::string_view child) {
  const std::string text = element.child_text(child);
  if (text.empty()) return WallTime{};
  const std::optional<WallTime> time = parse_iso8601(trim(text));
  if (!time) return unexpected("\"" + printable(text, 60) + "\" as a time");
  return *time;
}

Result<ListedObject> listed_object(const XmlElement& entry, bool encoded) {
  ListedObject object;
  object.key = decode_name(entry.child_text("Key"), encoded);
  const std::optional<std::uint64_t> size = parse_uint(trim(entry.child_text("Size")));
  if (object.key.empty() || !size) return unexpected("an entry without key or size");
  if (*size > kMaxObjectSize) return unexpected("a size that no object has");
  const Result<WallTime> time = time_of(entry, "LastModified");
  if (!time) return time.error();
  object.size = *size;
  object.last_modified = *time;
  object.etag = normal_etag(entry.child_text("ETag"));
  return object;
}

/// `is_reply`: whether a document without an ETag is a reply to such a request all the same.
Result<ETag> told_etag(std::string_view body, bool (*is_reply)(const XmlElement& root)) {
  const Result<XmlDocument> document = parse_any(body);
  if (!document) return document.error();
  const XmlElement root = document->root();
  ETag etag = normal_etag(root.child_text("ETag"));
  if (etag.empty() && !is_reply(root))
    return unexpected("no ETag in <" + printable(std::string(root.name()), 60) + ">");
  return etag;
}

}  // namespace

ETag normal_etag(std::string_view text) {
  text = trim(text);
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    text = text.substr(1, text.size() - 2);
  if (text.empty()) return {};
  return {"\"" + std::string(text) + "\""};
}

std::optional<ErrorReply> parse_error(std::string_view body) {
  const Result<XmlDocument> document = XmlDocument::parse(body, kMaxErrorBytes);
  if (!document || document->root().name() != "Error") return std::nullopt;
  const XmlElement root = document->root();
  ErrorReply reply;
  reply.code = trim(root.child_text("Code"));
  reply.message = trim(root.child_text("Message"));
  reply.request_id = trim(root.child_text("RequestId"));
  reply.region = trim(root.child_text("Region"));
  reply.endpoint = trim(root.child_text("Endpoint"));
  return reply;
}

Result<ListReply> parse_list(std::string_view body) {
  const Result<XmlDocument> document = parse_as(body, "ListBucketResult");
  if (!document) return document.error();
  const XmlElement root = document->root();
  const bool encoded = is_url_encoded(root);
  const Result<bool> truncated = truncation(root);
  if (!truncated) return truncated.error();

  ListReply reply;
  reply.truncated = *truncated;
  reply.bucket = trim(root.child_text("Name"));
  for (const XmlElement& child : root.children()) {
    const std::string_view name = child.name();
    if (name == "Contents") {
      Result<ListedObject> object = listed_object(child, encoded);
      if (!object) return object.error();
      reply.objects.push_back(std::move(*object));
    } else if (name == "CommonPrefixes") {
      std::string prefix = decode_name(child.child_text("Prefix"), encoded);
      if (prefix.empty()) return unexpected("an empty common prefix");
      reply.prefixes.push_back(std::move(prefix));
    } else if (name == "NextMarker") {
      reply.next_marker = decode_name(child.text(), encoded);
    } else if (name == "NextContinuationToken") {
      reply.next_token = child.text();
    } else if (name == "Prefix") {
      reply.raw_prefix = child.text();
      reply.prefix = decode_name(*reply.raw_prefix, encoded);
    } else if (name == "Delimiter") {
      reply.delimiter = decode_name(child.text(), encoded);
    }
  }
  return reply;
}

Result<std::vector<DeletedKey>> parse_delete(std::string_view body) {
  const Result<XmlDocument> document = parse_as(body, "DeleteResult");
  if (!document) return document.error();
  std::vector<DeletedKey> keys;
  for (const XmlElement& child : document->root().children()) {
    if (child.name() == "Deleted") {
      keys.push_back({child.child_text("Key"), "", ""});
    } else if (child.name() == "Error") {
      std::string code(trim(child.child_text("Code")));
      if (code.empty()) code = "InternalError";
      keys.push_back({child.child_text("Key"), std::move(code), child.child_text("Message")});
    }
  }
  return keys;
}

Result<ETag> parse_copy(std::string_view body) {
  return told_etag(body, [](const XmlElement& root) {
    return root.name() == "CopyObjectResult" || root.name() == "CopyPartResult";
  });
}

Result<ETag> parse_complete_upload(std::string_view body) {
  return told_etag(body, [](const XmlElement& root) {
    return root.name() == "CompleteMultipartUploadResult" && !trim(root.child_text("Key")).empty();
  });
}

Result<UploadId> parse_create_upload(std::string_view body) {
  const Result<XmlDocument> document = parse_any(body);
  if (!document) return document.error();
  UploadId id{std::string(trim(document->root().child_text("UploadId")))};
  if (id.empty()) return unexpected("no UploadId");
  return id;
}

Result<PartsReply> parse_parts(std::string_view body) {
  const Result<XmlDocument> document = parse_any(body);
  if (!document) return document.error();
  const XmlElement root = document->root();
  if (root.name() != "ListPartsResult" && trim(root.child_text("UploadId")).empty())
    return unexpected("no list of an upload's parts");
  const Result<bool> truncated = truncation(root);
  if (!truncated) return truncated.error();
  PartsReply reply;
  reply.truncated = *truncated;
  reply.next_marker = trim(root.child_text("NextPartNumberMarker"));
  for (const XmlElement& child : root.children()) {
    if (child.name() != "Part") continue;
    const std::optional<std::uint64_t> number = parse_uint(trim(child.child_text("PartNumber")));
    const std::optional<std::uint64_t> size = parse_uint(trim(child.child_text("Size")));
    ETag etag = normal_etag(child.child_text("ETag"));
    if (!number || *number < 1 || *number > store::Limits().most_parts || !size || etag.empty())
      return unexpected("a part without number, size or ETag");
    reply.parts.push_back({static_cast<int>(*number), std::move(etag), *size});
  }
  return reply;
}

Result<UploadsReply> parse_uploads(std::string_view body) {
  const Result<XmlDocument> document = parse_as(body, "ListMultipartUploadsResult");
  if (!document) return document.error();
  const XmlElement root = document->root();
  const bool encoded = is_url_encoded(root);
  const Result<bool> truncated = truncation(root);
  if (!truncated) return truncated.error();
  UploadsReply reply;
  reply.truncated = *truncated;
  if (reply.truncated) {
    reply.page.next_key = decode_name(root.child_text("NextKeyMarker"), encoded);
    reply.page.next_upload_id = trim(root.child_text("NextUploadIdMarker"));
  }
  for (const XmlElement& child : root.children()) {
    if (child.name() != "Upload") continue;
    const Result<WallTime> initiated = time_of(child, "Initiated");
    if (!initiated) return initiated.error();
    UploadInProgress upload{decode_name(child.child_text("Key"), encoded),
                            UploadId{std::string(trim(child.child_text("UploadId")))}, *initiated};
    if (upload.key.empty() || upload.id.empty()) return unexpected("an upload without key or id");
    reply.page.uploads.push_back(std::move(upload));
  }
  return reply;
}

}  // namespace pailfs::s3
