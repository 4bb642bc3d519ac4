// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "conditions.h"
#include "digest.h"
#include "policy.h"
#include "service.h"
#include "sse.h"
#include "text.h"
#include "xml_in.h"
#include "xml_out.h"

namespace s3d {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOverrides = {
    {{"response-content-type", "Content-Type"},
     {"response-content-encoding", "Content-Encoding"},
     {"response-cache-control", "Cache-Control"},
     {"response-content-disposition", "Content-Disposition"},
     {"response-content-language", "Content-Language"},
     {"response-expires", "Expires"}}};

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" +
         std::to_string(range.first + range.length - 1) + "/" + std::to_string(size);
}

/// The range of ?partNumber=N, nullopt when there is no such part.
std::optional<ByteRange> part_range(const Object& object, std::string_view text) {
  auto number = parse_u64(text);
  if (!number || *number == 0) return std::nullopt;
  if (object.part_sizes.empty() && *number == 1) return ByteRange{0, object.body.size()};
  if (*number > object.part_sizes.size()) return std::nullopt;
  ByteRange range;
  for (std::size_t i = 0; i + 1 < *number; ++i) range.first += object.part_sizes[i];
  range.length = object.part_sizes[*number - 1];
  return range;
}

Reply range_error(const Call& call, std::uint64_t size) {
  Reply reply = error_reply(call, {"InvalidRange",
                                   "",
                                   {{"RangeRequested", std::string(call.header("range"))},
                                    {"ActualObjectSize", std::to_string(size)}}});
  reply.headers.add("Content-Range", "bytes */" + std::to_string(size));
  return reply;
}

/// A directory of a file system, for which there is no object.
ObjectPtr implied_directory(const Call& call) {
  const std::string& key = call.address.key;
  if (!call.rule(Rule::kDirectoryImplied) || !key.ends_with('/')) return nullptr;
  std::shared_lock lock(call.bucket->mutex);
  const auto below = call.bucket->objects.lower_bound(key);
  if (below == call.bucket->objects.end() || !below->first.starts_with(key)) return nullptr;
  auto object = std::make_shared<Object>();
  object->system.add("Content-Type", "application/x-directory");
  object->etag = hex(md5(""));
  object->mtime = below->second->mtime;
  return object;
}

}  // namespace

Reply get_object(Call& call) {
  ObjectPtr object = call.service.store.get(*call.bucket, call.address.key);
  if (!object) object = implied_directory(call);
  if (!object) return error_reply(call, {missing_code(call), "", {}});
  if (!call.rule(Rule::kSseCIgnored)) {
    if (auto error = judge_customer_key(call.head.headers, kSsePrefix, object->customer_key_md5))
      return error_reply(call, std::move(*error));
  }
  Reply reply;
  switch (judge_preconditions(call.heeded(), "", object->etag, object->mtime)) {
    case Precondition::kFailed:
      return error_reply(
          call, {"PreconditionFailed",
                 "",
                 {{"Condition",
                   call.head.headers.has("if-match") ? "If-Match" : "If-Unmodified-Since"}}});
    case Precondition::kNotModified:
      reply.status = 304;
      reply.headers.add("Last-Modified", http_date(object->mtime));
      add_etag(call.service.rules, reply, object->etag);
      return reply;
    case Precondition::kHolds:
      break;
  }
  std::uint64_t size = object->body.size();
  RangeVerdict verdict{RangeKind::kWhole, {0, size}};
  std::string_view if_range = call.header("if-range");
  bool range_counts = if_range.empty() || etag_matches(if_range, object->etag);
  if (!call.rule(Rule::kNoRange) && range_counts) verdict = judge_range(call.header("range"), size);
  const std::string* number = call.head.param("partNumber");
  if (number != nullptr && !call.rule(Rule::kNoPartNumber)) {
    auto range = part_range(*object, *number);
    if (!range) return range_error(call, size);
    verdict = {size == 0 ? RangeKind::kWhole : RangeKind::kPart, *range};
    if (!object->part_sizes.empty())
      reply.headers.add("x-amz-mp-parts-count", std::to_string(object->part_sizes.size()));
  }
  if (verdict.kind == RangeKind::kUnsatisfiable) return range_error(call, size);
  add_object_headers(call.service.rules, *object, reply);
  if (call.rule(Rule::kDirectoryNoEtag) && call.address.key.ends_with('/'))
    reply.headers.erase("ETag");
  for (const auto& [parameter, name] : kOverrides)
    if (const std::string* value = call.head.param(parameter)) reply.headers.set(name, *value);
  bool whole = verdict.kind == RangeKind::kWhole;
  if (whole && equals_ignore_case(call.header("x-amz-checksum-mode"), "enabled"))
    for (const Header& h : object->checksums) reply.headers.add(h.name, h.value);
  if (whole) {
    reply.body = object->body;
  } else {
    reply.status = 206;
    reply.range = content_range(verdict.range, size);
    reply.headers.add("Content-Range", reply.range);
    reply.body = object->body.slice(verdict.range.first, verdict.range.length);
  }
  return reply;
}

Reply put_object(Call& call) {
  if (auto error = judge_encryption(call)) return error_reply(call, std::move(*error));
  auto object = std::make_shared<Object>();
  take_object_headers(call.head.headers, call.service.rules, *object);
  const bool directory = call.address.key.ends_with('/');
  if (directory && call.rule(Rule::kDirectoryNoMeta)) object->meta = {};
  const bool emptied = call.rule(Rule::kDirectoryNoBody) && directory;
  if (!emptied) object->body = call.body;
  std::string md5_hex = emptied ? hex(md5("")) : hex(call.digests.md5_raw);
  object->md5 = std::make_shared<ContentMd5>(md5_hex);  // empty: computed when asked for
  object->etag = choose_etag(call, md5_hex, *object);
  object->checksums = call.digests.checksums;
  object->created_ms = call.service.clock.now_ms();
  object->mtime = object->created_ms / 1000;
  WriteOutcome outcome =
      call.commit([&store = call.service.store, bucket = call.bucket, key = call.address.key,
                   object, condition = write_condition(call)] {
        return store.put(*bucket, key, object, "PutObject", condition);
      });
  if (outcome != WriteOutcome::kDone) return outcome_reply(call, outcome);
  if (call.rule(Rule::kPut500Applied) && call.service.puts.fetch_add(1) % 5 == 4)
    return error_reply(call, {"InternalError", "", {}});
  Reply reply;
  add_etag(call.service.rules, reply, object->etag);
  for (const Header& h : object->checksums) reply.headers.add(h.name, h.value);
  if (object->checksums.size() > 0) reply.headers.add("x-amz-checksum-type", "FULL_OBJECT");
  add_encryption_headers(*object, reply);
  return reply;
}

Reply delete_object(Call& call) {
  // AWS knows If-Match on DELETE as well: 412 when the object is another one, 404 without one.
  if (const std::string* match = call.heeded().find("if-match");
      match && !call.rule(Rule::kNoConditional)) {
    ObjectPtr object = call.service.store.get(*call.bucket, call.address.key);
    if (!object && !call.rule(Rule::kAbsentDeleteOk))
      return outcome_reply(call, WriteOutcome::kNoSuchKey);
    if (object && !etag_matches(*match, object->etag))
      return outcome_reply(call, WriteOutcome::kPreconditionFailed);
  }
  bool ghost = call.service.rules.listing_delay_ms() > 0;
  call.commit([&store = call.service.store, bucket = call.bucket, key = call.address.key,
               now = call.service.clock.now_ms(), ghost] {
    store.remove(*bucket, key, "DeleteObject", now, ghost);
    return WriteOutcome::kDone;
  });
  Reply reply;
  reply.status = 204;
  return reply;
}

Reply delete_objects(Call& call) {
  const bool only_md5 = call.rule(Rule::kDeleteNeedsMd5);
  const bool checksum = call.digests.checksums.size() > 0 && !only_md5;
  if (!call.head.headers.has("content-md5") && !checksum && !call.rule(Rule::kNoDeleteMd5))
    return error_reply(call, {"InvalidRequest",
                              std::string("Missing required header for this request: Content-MD5") +
                                  (only_md5 ? "" : " OR x-amz-checksum-*"),
                              {}});
  auto request = parse_delete(call.body.to_string());
  if (!request) return error_reply(call, {"MalformedXML", "", {}});
  bool ghost = call.service.rules.listing_delay_ms() > 0;
  const std::string allowed = call.service.rules.only_prefix();
  auto& all = request->keys;
  const auto forbidden = std::stable_partition(all.begin(), all.end(), [&](const std::string& key) {
    return policy_allows_key(allowed, key);
  });
  const std::vector<std::string> keys(all.begin(), forbidden);
  call.commit([&store = call.service.store, bucket = call.bucket, keys,
               now = call.service.clock.now_ms(), ghost] {
    for (const std::string& key : keys) store.remove(*bucket, key, "DeleteObjects", now, ghost);
    return WriteOutcome::kDone;
  });
  XmlWriter xml("DeleteResult");
  for (auto key = forbidden; key != all.end(); ++key) {
    xml.open("Error");
    xml.element("Key", *key);
    xml.element("Code", "AccessDenied");
    xml.element("Message", "Access Denied");
    xml.close();
  }
  for (const std::string& key : keys) {
    if (request->quiet && !call.rule(Rule::kQuietIgnored)) break;
    xml.open("Deleted");
    xml.element("Key", key);
    xml.close();
  }
  return xml_reply(xml.finish());
}

}  // namespace s3d
