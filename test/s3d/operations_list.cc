// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include "listing.h"
#include "service.h"
#include "text.h"
#include "xml_out.h"

namespace s3d {
namespace {

constexpr std::size_t kMostKeys = 1000;

/// Names as this listing writes them: raw or url-encoded.
class NameEncoder {
 public:
  explicit NameEncoder(const Call& call)
      : on_(call.head.param_or_empty("encoding-type") == "url" &&
            !call.rule(Rule::kNoEncodingType)),
        plus_(!call.rule(Rule::kListSpacePercent20)),
        slash_(call.rule(Rule::kListSlashEncoded)) {}
  bool on() const { return on_; }
  std::string key(std::string_view name) const {
    std::string out = (*this)(name);
    for (std::size_t at = 0; on_ && slash_ && (at = out.find('/', at)) != std::string::npos;)
      out.replace(at, 1, "%2F");
    return out;
  }
  std::string operator()(std::string_view name) const {
    return on_ ? listing_encode(name, plus_) : std::string(name);
  }

 private:
  bool on_;
  bool plus_;
  bool slash_;
};

std::optional<std::size_t> max_of(const Call& call, std::string_view parameter) {
  const std::string* text = call.head.param(parameter);
  if (text == nullptr || text->empty()) return kMostKeys;
  auto value = parse_u64(*text);
  if (!value || *value > 2147483647) return std::nullopt;
  return std::min<std::size_t>(*value, kMostKeys);
}

Reply bad_argument(const Call& call, std::string_view name, std::string message) {
  return error_reply(call, {"InvalidArgument",
                            std::move(message),
                            {{"ArgumentName", std::string(name)},
                             {"ArgumentValue", std::string(call.head.param_or_empty(name))}}});
}

void add_entries(XmlWriter& xml, const ListPage& page, const NameEncoder& encode, bool owner) {
  for (const ListEntry& entry : page.entries) {
    if (!entry.object) continue;
    xml.open("Contents");
    xml.element("Key", encode.key(entry.name));
    xml.element("LastModified", listing_date(entry.object->mtime));
    xml.etag(entry.object->etag);
    xml.element("Size", entry.object->body.size());
    if (owner) {
      xml.open("Owner");
      xml.element("ID", "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a");
      xml.element("DisplayName", "s3d");
      xml.close();
    }
    xml.element("StorageClass", entry.object->storage_class);
    xml.close();
  }
  for (const ListEntry& entry : page.entries) {
    if (entry.object) continue;
    xml.open("CommonPrefixes");
    xml.element("Prefix", encode(entry.name));
    xml.close();
  }
}

/// The part of a query that the rules decide.
ListQuery with_rules(const Call& call, ListQuery query) {
  query.prefix_as_key = call.rule(Rule::kListPrefixAsKey);
  query.prefix_repeats = call.rule(Rule::kListPrefixRepeats);
  query.prefixes_every_page = call.rule(Rule::kListPrefixesEveryPage);
  return query;
}

/// An opaque token that a client cannot mistake for a key.
std::string token_for(std::string_view last) {
  return base64("s3d1:" + std::string(last));
}

std::optional<std::string> read_token(std::string_view token) {
  auto text = unbase64(token);
  if (!text || !text->starts_with("s3d1:")) return std::nullopt;
  return text->substr(5);
}

ListPage fetch(const Call& call, const ListQuery& query) {
  return list_page(*call.bucket, with_rules(call, query), call.service.clock.now_ms(),
                   call.service.rules.listing_delay_ms());
}

bool wrong_encoding(const Call& call) {
  const std::string* type = call.head.param("encoding-type");
  return type != nullptr && *type != "url";
}

std::time_t begun_at(const Call& call, const Upload& upload) {
  constexpr std::time_t kIn2010 = 1'289'422'113;
  return call.rule(Rule::kUploadsUndated) ? kIn2010 : upload.initiated;
}

/// The fault truncated_list:xml cuts the document in the middle.
Reply list_reply(const Call& call, std::string document) {
  const FaultAction* fault = call.plan.find("truncated_list");
  if (fault != nullptr && fault->argument == "xml") document.resize(document.size() / 2);
  return xml_reply(std::move(document));
}

bool loses_token(const Call& call) {
  const FaultAction* fault = call.plan.find("truncated_list");
  return fault != nullptr && fault->argument != "xml";
}

}  // namespace

Reply list_objects_v1(Call& call) {
  auto max = max_of(call, "max-keys");
  if (!max)
    return bad_argument(call, "max-keys",
                        "Provided max-keys not an integer or within integer range");
  if (wrong_encoding(call))
    return bad_argument(call, "encoding-type", "Invalid Encoding Method specified in Request");
  NameEncoder encode(call);
  ListQuery query{std::string(call.head.param_or_empty("prefix")),
                  std::string(call.head.param_or_empty("delimiter")),
                  std::string(call.head.param_or_empty("marker")), *max};
  const std::string marker = query.after;
  const bool opaque = call.rule(Rule::kListOpaqueMarker);
  if (opaque) query.after = read_token(marker).value_or(marker);
  ListPage page = fetch(call, query);
  bool loop = call.plan.has("list_loop");
  bool lost = loses_token(call);
  XmlWriter xml("ListBucketResult");
  xml.element("Name", call.bucket->name);
  xml.element("Prefix", encode(query.prefix));
  xml.element("Marker", encode(marker));
  // Without a delimiter AWS leaves it to the client to go on from the last key.
  bool has_marker = page.truncated && !lost && !call.rule(Rule::kListWithoutNextMarker) &&
                    (!query.delimiter.empty() || opaque || call.rule(Rule::kListMarkerNoDelimiter));
  if (loop) {
    xml.element("NextMarker", encode(marker));
  } else if (has_marker) {
    xml.element("NextMarker", opaque ? token_for(page.last()) : encode(page.last()));
  }
  xml.element("MaxKeys", *max);
  if (!query.delimiter.empty()) xml.element("Delimiter", encode(query.delimiter));
  if (encode.on()) xml.element("EncodingType", "url");
  xml.flag("IsTruncated", page.truncated || lost || loop);
  add_entries(xml, page, encode, true);
  return list_reply(call, xml.finish());
}

Reply list_objects_v2(Call& call) {
  auto max = max_of(call, "max-keys");
  if (!max)
    return bad_argument(call, "max-keys",
                        "Provided max-keys not an integer or within integer range");
  if (wrong_encoding(call))
    return bad_argument(call, "encoding-type", "Invalid Encoding Method specified in Request");
  NameEncoder encode(call);
  ListQuery query{std::string(call.head.param_or_empty("prefix")),
                  std::string(call.head.param_or_empty("delimiter")),
                  std::string(call.head.param_or_empty("start-after")), *max};
  const std::string* token = call.head.param("continuation-token");
  if (token != nullptr) {
    auto last = read_token(*token);
    if (!last)
      return bad_argument(call, "continuation-token",
                          "The continuation token provided is incorrect");
    query.after = *last;
  }
  ListPage page = fetch(call, query);
  bool loop = call.plan.has("list_loop");
  bool lost = loses_token(call);
  XmlWriter xml("ListBucketResult");
  xml.element("Name", call.bucket->name);
  xml.element("Prefix", encode(query.prefix));
  if (const std::string* start = call.head.param("start-after"))
    xml.element("StartAfter", encode(*start));
  if (token != nullptr) xml.element("ContinuationToken", *token);
  if (loop) {
    xml.element("NextContinuationToken", token ? *token : token_for(query.after));
  } else if (page.truncated && !lost) {
    xml.element("NextContinuationToken", token_for(page.last()));
  }
  xml.element("KeyCount", page.entries.size());
  xml.element("MaxKeys", *max);
  if (!query.delimiter.empty()) xml.element("Delimiter", encode(query.delimiter));
  if (encode.on()) xml.element("EncodingType", "url");
  xml.flag("IsTruncated", page.truncated || lost || loop);
  add_entries(xml, page, encode, call.head.param_or_empty("fetch-owner") == "true");
  return list_reply(call, xml.finish());
}

Reply list_multipart_uploads(Call& call) {
  auto max = max_of(call, "max-uploads");
  if (!max)
    return bad_argument(call, "max-uploads",
                        "Provided max-uploads not an integer or within integer range");
  NameEncoder encode(call);
  std::string prefix(call.head.param_or_empty("prefix"));
  std::string delimiter(call.head.param_or_empty("delimiter"));
  std::string key_marker(call.head.param_or_empty("key-marker"));
  std::string id_marker(call.head.param_or_empty("upload-id-marker"));
  std::vector<UploadPtr> page;
  std::vector<std::string> prefixes;
  std::string next_key;
  std::string next_id;
  bool truncated = false;
  for (const UploadPtr& upload : call.service.uploads.all(call.bucket->name)) {
    if (!upload->key.starts_with(prefix)) continue;
    bool seen = !key_marker.empty() &&
                (upload->key < key_marker ||
                 (upload->key == key_marker && (id_marker.empty() || upload->id <= id_marker)));
    if (seen) continue;
    std::size_t at =
        delimiter.empty() ? std::string::npos : upload->key.find(delimiter, prefix.size());
    std::string common =
        at == std::string::npos ? std::string() : upload->key.substr(0, at + delimiter.size());
    if (!common.empty() &&
        (common == key_marker || (!prefixes.empty() && prefixes.back() == common)))
      continue;
    if (page.size() + prefixes.size() == *max) {
      truncated = *max > 0;
      break;
    }
    next_key = common.empty() ? upload->key : common;
    next_id = common.empty() ? upload->id : "";
    if (common.empty()) {
      page.push_back(upload);
    } else {
      prefixes.push_back(std::move(common));
    }
  }
  XmlWriter xml("ListMultipartUploadsResult");
  xml.element("Bucket", call.bucket->name);
  xml.element("KeyMarker", encode(key_marker));
  xml.element("UploadIdMarker", id_marker);
  if (truncated) xml.element("NextKeyMarker", encode(next_key));
  if (truncated) xml.element("NextUploadIdMarker", next_id);
  if (!prefix.empty()) xml.element("Prefix", encode(prefix));
  if (!delimiter.empty()) xml.element("Delimiter", encode(delimiter));
  if (encode.on()) xml.element("EncodingType", "url");
  xml.element("MaxUploads", *max);
  xml.flag("IsTruncated", truncated);
  for (const UploadPtr& upload : page) {
    xml.open("Upload");
    xml.element("Key", encode(upload->key));
    xml.element("UploadId", upload->id);
    xml.element("StorageClass", upload->prototype.storage_class);
    xml.element("Initiated", listing_date(begun_at(call, *upload)));
    xml.close();
  }
  for (const std::string& common : prefixes) {
    xml.open("CommonPrefixes");
    xml.element("Prefix", encode(common));
    xml.close();
  }
  return list_reply(call, xml.finish());
}

Reply list_parts(Call& call) {
  auto max = max_of(call, "max-parts");
  if (!max)
    return bad_argument(call, "max-parts",
                        "Provided max-parts not an integer or within integer range");
  auto marker = parse_u64(call.head.param("part-number-marker")
                              ? call.head.param_or_empty("part-number-marker")
                              : std::string_view("0"));
  if (!marker || *marker > kMaxParts)
    return bad_argument(call, "part-number-marker",
                        "Argument part-number-marker must be an integer");
  std::string id(call.head.param_or_empty("uploadId"));
  UploadPtr upload = call.service.uploads.find(call.bucket->name, call.address.key, id);
  if (!upload) return error_reply(call, {"NoSuchUpload", "", {{"UploadId", id}}});
  NameEncoder encode(call);
  std::lock_guard lock(upload->mutex);
  auto it = upload->parts.upper_bound(static_cast<int>(*marker));
  auto left = static_cast<std::size_t>(std::distance(it, upload->parts.end()));
  bool truncated = left > *max && *max > 0;
  std::size_t count = std::min(left, *max);
  auto end = std::next(it, static_cast<std::ptrdiff_t>(count));
  XmlWriter xml("ListPartsResult");
  xml.element("Bucket", call.bucket->name);
  xml.element("Key", encode(upload->key));
  xml.element("UploadId", upload->id);
  xml.element("StorageClass", upload->prototype.storage_class);
  xml.element("PartNumberMarker", *marker);
  if (count > 0)
    xml.element("NextPartNumberMarker", static_cast<std::uint64_t>(std::prev(end)->first));
  xml.element("MaxParts", *max);
  xml.flag("IsTruncated", truncated);
  for (; it != end; ++it) {
    xml.open("Part");
    xml.element("PartNumber", static_cast<std::uint64_t>(it->first));
    xml.element("LastModified", listing_date(it->second.mtime));
    xml.etag(it->second.etag);
    xml.element("Size", it->second.body.size());
    xml.close();
  }
  return list_reply(call, xml.finish());
}

}  // namespace s3d
