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
  WriteCondition condition = write_condition(call);
  condition.if_none_match.reset();
  bool ghost = call.service.rules.listing_delay_ms() > 0;
  const WriteOutcome outcome =
      call.commit([&store = call.service.store, bucket = call.bucket, key = call.address.key,
                   now = call.service.clock.now_ms(), ghost, condition] {
        return store.remove(*bucket, key, "DeleteObject", now, ghost, condition);
      });
  const bool absent_ok = outcome == WriteOutcome::kNoSuchKey && call.rule(Rule::kAbsentDeleteOk);
  if (outcome != WriteOutcome::kDone && !absent_ok) return outcome_reply(call, outcome);
  Reply reply;
  reply.status = 204;
  return reply;
}

namespace {

/// Why <ETag> in the document is not taken; nothing: it is.
std::optional<S3Error> refused_etags(const Call& call, const DeleteRequest& request) {
  const bool any = std::any_of(request.objects.begin(), request.objects.end(),
                               [](const auto& object) { return object.etag.has_value(); });
  if (!any) return std::nullopt;
  if (call.rule(Rule::kConditional501)) return S3Error{"NotImplemented", "", {}};
  for (const Manners::Refusal& row : call.manners->refused)
    if (row.op == call.op && row.header == "etag") return row.error;
  return std::nullopt;
}

/// Removes all of them, each on its condition; one outcome each.
std::vector<WriteOutcome> remove_all(Call& call,
                                     const std::vector<DeleteRequest::Object>& objects) {
  const bool deaf = call.rule(Rule::kNoConditional) || call.manners->ignores(call.op, "etag");
  std::vector<WriteCondition> conditions(objects.size());
  for (std::size_t i = 0; i < objects.size() && !deaf; ++i) {
    conditions[i].if_match = objects[i].etag;
    conditions[i].quotes_count = call.rule(Rule::kIfMatchUnquoted);
  }
  auto outcomes = std::make_shared<std::vector<WriteOutcome>>(objects.size(), WriteOutcome::kDone);
  const bool ghost = call.service.rules.listing_delay_ms() > 0;
  call.commit([&store = call.service.store, bucket = call.bucket, objects, conditions, outcomes,
               now = call.service.clock.now_ms(), ghost] {
    for (std::size_t i = 0; i < objects.size(); ++i)
      (*outcomes)[i] =
          store.remove(*bucket, objects[i].key, "DeleteObjects", now, ghost, conditions[i]);
    return WriteOutcome::kDone;
  });
  return *outcomes;
}

void add_failure(XmlWriter& xml, const std::string& key, std::string_view code,
                 std::string_view message) {
  xml.open("Error");
  xml.element("Key", key);
  xml.element("Code", code);
  xml.element("Message", message);
  xml.close();
}

}  // namespace

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
  if (auto error = refused_etags(call, *request)) return error_reply(call, std::move(*error));
  const std::string prefix = call.service.rules.only_prefix();
  auto& all = request->objects;
  const auto forbidden = std::stable_partition(all.begin(), all.end(), [&](const auto& object) {
    return policy_allows_key(prefix, object.key);
  });
  const std::vector<DeleteRequest::Object> allowed(all.begin(), forbidden);
  const std::vector<WriteOutcome> outcomes = remove_all(call, allowed);
  XmlWriter xml("DeleteResult");
  for (auto object = forbidden; object != all.end(); ++object)
    add_failure(xml, object->key, "AccessDenied", "Access Denied");
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    const bool absent = outcomes[i] == WriteOutcome::kNoSuchKey;
    if (outcomes[i] == WriteOutcome::kPreconditionFailed) {
      add_failure(xml, allowed[i].key, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold");
    } else if (absent && !call.rule(Rule::kAbsentDeleteOk)) {
      add_failure(xml, allowed[i].key, "NoSuchKey", "The specified key does not exist.");
    } else if (!request->quiet || call.rule(Rule::kQuietIgnored)) {
      xml.open("Deleted");
      xml.element("Key", allowed[i].key);
      xml.close();
    }
  }
  return xml_reply(xml.finish());
}

}  // namespace s3d
