// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "conditions.h"
#include "copy_source.h"
#include "policy.h"
#include "sse.h"
#include "text.h"
#include "xml_out.h"

namespace s3d {
namespace {

constexpr std::string_view kSource = "x-amz-copy-source";

S3Error invalid_source() {
  return {"InvalidArgument",
          "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
          {{"ArgumentName", "x-amz-copy-source"}}};
}

/// Nothing would change: S3 refuses that, it is always a client's mistake.
bool changes_nothing(const Call& call, const CopySource& source, bool replace) {
  bool same = source.bucket == call.bucket->name && source.key == call.address.key;
  std::string_view storage_class = call.header("x-amz-storage-class");
  bool other_class = !storage_class.empty() && storage_class != source.object->storage_class;
  return same && !replace && !other_class &&
         !call.head.headers.has("x-amz-server-side-encryption") &&
         !call.head.headers.has(std::string(kSsePrefix) + "key") &&
         !call.head.headers.has("x-amz-website-redirect-location");
}

}  // namespace

std::variant<CopySource, S3Error> find_copy_source(const Call& call) {
  std::string_view header = call.header(kSource);
  header = header.substr(0, header.find("?versionId="));
  auto decoded = percent_decode(header, !call.rule(Rule::kPlusLiteral));
  if (decoded && call.manners->decodes_twice(call.op))
    decoded = percent_decode(*decoded, true).value_or(*decoded);
  if (!decoded) return invalid_source();
  if (call.rule(Rule::kSlashesCollapse)) *decoded = one_slash_for_many(*decoded);
  std::string_view path = *decoded;
  if (path.starts_with('/')) path.remove_prefix(1);
  std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size())
    return invalid_source();
  CopySource source{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1)),
                    nullptr};
  BucketPtr bucket = call.service.store.bucket(source.bucket);
  if (!bucket) return S3Error{"NoSuchBucket", "", {}};
  if (!policy_allows_key(call.service.rules.only_prefix(), source.key))
    return S3Error{"AccessDenied", "", {}};
  source.object = call.service.store.get(*bucket, source.key);
  if (!source.object) return S3Error{missing_code(call), "", {}};
  if (!call.rule(Rule::kSseCIgnored)) {
    if (auto error = judge_customer_key(call.head.headers, kSseSourcePrefix,
                                        source.object->customer_key_md5))
      return std::move(*error);
  }
  bool asked = !call.rule(Rule::kNoConditional);
  if (asked && judge_preconditions(call.heeded(), "x-amz-copy-source-", source.object->etag,
                                   source.object->mtime) != Precondition::kHolds)
    return S3Error{"PreconditionFailed", "", {{"Condition", "x-amz-copy-source-If-*"}}};
  return source;
}

namespace {

/// What of the source stays although the request has attributes of its own.
void keep_of_source(const Rules& rules, const Object& source, Object& object) {
  if (rules.on(Rule::kReplaceKeepsType))
    object.system.set("Content-Type", std::string(source.system.get("Content-Type")));
  if (!rules.on(Rule::kReplaceMerges)) return;
  for (const Header& h : source.meta)
    if (!object.meta.has(h.name)) object.meta.add(h.name, h.value);
}

std::string copied_etag(const Call& call, const Object& source, const Object& object,
                        bool replace) {
  if (replace && call.rule(Rule::kCopyKeepsTargetEtag))
    if (ObjectPtr old = call.service.store.get(*call.bucket, call.address.key)) return old->etag;
  if (call.rule(Rule::kCopyKeepsEtag)) return source.etag;
  // Where no ETag is an MD5, it would never be shown.
  return choose_etag(call, call.rule(Rule::kEtagNotMd5) ? "" : object.md5->get(object.body),
                     object);
}

}  // namespace

Reply copy_object(Call& call) {
  if (auto error = judge_encryption(call)) return error_reply(call, std::move(*error));
  auto found = find_copy_source(call);
  if (auto* error = std::get_if<S3Error>(&found)) return error_reply(call, std::move(*error));
  const auto& source = std::get<CopySource>(found);
  std::string directive = to_upper(call.header("x-amz-metadata-directive"));
  if (!directive.empty() && directive != "COPY" && directive != "REPLACE")
    return error_reply(
        call, {"InvalidArgument",
               "Unknown metadata directive.",
               {{"ArgumentName", "x-amz-metadata-directive"}, {"ArgumentValue", directive}}});
  bool replace = directive == "REPLACE";
  if (changes_nothing(call, source, replace))
    return error_reply(call, {"InvalidRequest",
                              "This copy request is illegal because it is trying to copy an object "
                              "to itself without changing the object's metadata, storage class, "
                              "website redirect location or encryption attributes.",
                              {}});
  if (source.object->body.size() > kMaxPart)
    return error_reply(call, {"InvalidRequest",
                              "The specified copy source is larger than the maximum allowable size "
                              "for a copy source: 5368709120",
                              {}});
  auto object = std::make_shared<Object>();
  take_object_headers(call.head.headers, call.service.rules, *object);
  if (call.address.key.ends_with('/') && call.rule(Rule::kDirectoryNoMeta)) object->meta = {};
  if (replace) {
    keep_of_source(call.service.rules, *source.object, *object);
  } else {
    object->system = source.object->system;
    object->meta = source.object->meta;
  }
  object->body = source.object->body;
  object->md5 = source.object->md5;
  object->checksums = source.object->checksums;
  object->etag = copied_etag(call, *source.object, *object, replace);
  if (call.rule(Rule::kCopyKeepsEtag)) object->part_sizes = source.object->part_sizes;
  object->created_ms = call.service.clock.now_ms();
  object->mtime = object->created_ms / 1000;
  WriteOutcome outcome =
      call.commit([&store = call.service.store, bucket = call.bucket, key = call.address.key,
                   object, condition = write_condition(call)] {
        return store.put(*bucket, key, object, "CopyObject", condition);
      });
  if (outcome != WriteOutcome::kDone) return outcome_reply(call, outcome);
  XmlWriter xml("CopyObjectResult");
  const bool same = source.bucket == call.bucket->name && source.key == call.address.key;
  if (!same || !call.rule(Rule::kCopyResultEmpty)) {
    xml.element("LastModified", listing_date(object->mtime));
    xml.etag(object->etag);
  }
  Reply reply = xml_reply(xml.finish());
  add_encryption_headers(*object, reply);
  return reply;
}

}  // namespace s3d
