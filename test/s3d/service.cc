// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <array>
#include <utility>

#include "digest.h"
#include "sse.h"
#include "text.h"
#include "xml_out.h"

namespace s3d {
namespace {

/// Request name and reply name of the headers that an object keeps.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kKept = {
    {{"content-type", "Content-Type"},
     {"content-encoding", "Content-Encoding"},
     {"cache-control", "Cache-Control"},
     {"content-disposition", "Content-Disposition"},
     {"content-language", "Content-Language"},
     {"expires", "Expires"},
     {"x-amz-website-redirect-location", "x-amz-website-redirect-location"}}};

/// aws-chunked is framing, not a property of the object.
std::string without_aws_chunked(std::string_view value) {
  std::string out;
  for (std::string_view item : split(value, ',')) {
    item = trim(item);
    if (item == "aws-chunked" || item.empty()) continue;
    if (!out.empty()) out += ",";
    out += item;
  }
  return out;
}

/// How a web server answers where S3 would say something in XML.
Reply page_reply(const S3Error& error) {
  Reply reply;
  reply.status = error.status;
  reply.code = error.code;
  const std::string status = std::to_string(error.status);
  if (error.code == kProblem) {
    reply.headers.add("Content-Type", "application/problem+json");
    reply.body = Body("{\"detail\":\"Failed to read request\",\"status\":" + status + "}");
  } else {
    reply.headers.add("Content-Type", "text/html;charset=utf-8");
    reply.body = Body("<!doctype html><html lang=\"en\"><head><title>HTTP Status " + status +
                      "</title></head><body><h1>HTTP Status " + status + "</h1></body></html>");
  }
  return reply;
}

}  // namespace

std::shared_ptr<const Credentials> Service::credentials() const {
  std::lock_guard lock(mutex_);
  return credentials_;
}

void Service::set_credentials(Credentials credentials) {
  auto fresh = std::make_shared<const Credentials>(std::move(credentials));
  std::lock_guard lock(mutex_);
  credentials_ = std::move(fresh);
}

WriteOutcome Call::commit(std::function<WriteOutcome()> mutation) {
  if (plan.has("reply_then_lose")) return WriteOutcome::kDone;
  if (plan.has("late_apply")) {
    late = std::move(mutation);
    return WriteOutcome::kDone;
  }
  return mutation();
}

Reply error_reply(const Call& call, S3Error error) {
  if (error.code == kPage || error.code == kProblem) return page_reply(error);
  Reply reply;
  reply.status = error.status != 0 ? error.status : status_of(error.code);
  reply.code = error.code;
  if (error.code == "NoSuchBucket" || error.code == "BucketNotEmpty") {
    error.details.emplace_back("BucketName", call.address.bucket);
  } else if (error.code == "NoSuchKey") {
    error.details.emplace_back("Key", call.address.key);
  } else if (error.code != "SignatureDoesNotMatch") {
    std::string_view path = call.head.raw_path;
    error.details.emplace_back("Resource", percent_decode(path, false).value_or(std::string(path)));
  }
  reply.headers.add("Content-Type", "application/xml");
  for (const auto& [name, value] : error.details)
    if (name == "Region") reply.headers.add("x-amz-bucket-region", value);
  reply.body = Body(error_document(error, call.request_id));
  return reply;
}

Reply xml_reply(std::string document) {
  Reply reply;
  reply.headers.add("Content-Type", "application/xml");
  reply.body = Body(std::move(document));
  return reply;
}

Reply outcome_reply(const Call& call, WriteOutcome outcome) {
  switch (outcome) {
    case WriteOutcome::kNoSuchKey:
      if (call.rule(Rule::kAbsentIfMatch412))
        return error_reply(call, {"PreconditionFailed", "", {}});
      return error_reply(call, {"NoSuchKey", "", {}});
    case WriteOutcome::kPreconditionFailed: {
      bool match = call.head.headers.has("if-match");
      if (!match && !call.manners->forbid_overwrite.empty())
        return error_reply(
            call, {"FileAlreadyExists", "The object you specified already exists.", {}, 409});
      return error_reply(
          call, {"PreconditionFailed", "", {{"Condition", match ? "If-Match" : "If-None-Match"}}});
    }
    default:
      return error_reply(call, {"NoSuchBucket", "", {}});
  }
}

S3Error no_such_upload(const Call& call) {
  if (const S3Error* error = call.manners->unknown_upload_of(call.op)) return *error;
  return {"NoSuchUpload", "", {{"UploadId", std::string(call.head.param_or_empty("uploadId"))}}};
}

std::string missing_code(const Call& call) {
  return call.rule(Rule::kMissingIs403) ? "AccessDenied" : "NoSuchKey";
}

std::string quoted(std::string_view etag) {
  return "\"" + std::string(etag) + "\"";
}

void add_etag(const Rules& rules, Reply& reply, std::string_view etag) {
  if (!rules.on(Rule::kNoEtag)) reply.headers.add("ETag", quoted(etag));
}

std::string choose_etag(const Call& call, std::string_view md5_hex, const Object& object) {
  const bool opaque = call.rule(Rule::kEtagNotMd5) || object.encryption == "aws:kms" ||
                      !object.customer_key_md5.empty();
  if (opaque) return hex(random_bytes(16));
  return call.rule(Rule::kUpperEtag) ? to_upper(md5_hex) : std::string(md5_hex);
}

std::optional<S3Error> judge_encryption(const Call& call) {
  auto shown = customer_key(call.head.headers, kSsePrefix);
  if (auto* error = std::get_if<S3Error>(&shown)) return std::move(*error);
  return std::nullopt;
}

WriteCondition write_condition(const Call& call) {
  WriteCondition condition;
  if (call.rule(Rule::kNoConditional)) return condition;
  const Headers& headers = call.heeded();
  if (const std::string* value = headers.find("if-match")) condition.if_match = *value;
  const std::string& own = call.manners->forbid_overwrite;
  if (!own.empty()) {
    if (to_lower(headers.get(own)) == "true") condition.if_none_match = "*";
  } else if (const std::string* value = headers.find("if-none-match")) {
    condition.if_none_match = *value;
  }
  condition.quotes_count = call.rule(Rule::kIfMatchUnquoted);
  return condition;
}

void take_object_headers(const Headers& headers, const Rules& rules, Object& object) {
  const auto manners = rules.manners();
  for (const auto& [from, to] : kKept) {
    if (manners->drops(from)) continue;
    const std::string* value = headers.find(from);
    std::string kept = value ? *value : "";
    if (from == "content-encoding") kept = without_aws_chunked(kept);
    if (from == "content-type" && kept.empty()) kept = "binary/octet-stream";
    if (!kept.empty()) object.system.add(std::string(to), std::move(kept));
  }
  for (const Header& h : headers) {
    if (!h.name.starts_with("x-amz-meta-")) continue;
    if (const std::string* seen = object.meta.find(h.name)) {
      object.meta.set(h.name, *seen + "," + h.value);
    } else {
      object.meta.add(h.name, h.value);
    }
  }
  std::string_view storage_class = headers.get("x-amz-storage-class");
  if (!storage_class.empty() && !rules.on(Rule::kStorageClassIgnored))
    object.storage_class = storage_class;
  object.acl = headers.get("x-amz-acl");
  if (!rules.on(Rule::kSseIgnored)) {
    object.encryption = headers.get("x-amz-server-side-encryption");
    object.kms_key = headers.get("x-amz-server-side-encryption-aws-kms-key-id");
  }
  if (!rules.on(Rule::kSseCIgnored))
    object.customer_key_md5 = headers.get(std::string(kSsePrefix) + "key-md5");
}

void add_object_headers(const Rules& rules, const Object& object, Reply& reply) {
  reply.headers.add("Last-Modified", http_date(object.mtime));
  add_etag(rules, reply, object.etag);
  reply.headers.add("Accept-Ranges", "bytes");
  for (const Header& h : object.system) reply.headers.add(h.name, h.value);
  for (const Header& h : object.meta) reply.headers.add(h.name, h.value);
  if (object.storage_class != "STANDARD")
    reply.headers.add("x-amz-storage-class", object.storage_class);
  add_encryption_headers(object, reply);
}

Reply run_operation(Call& call) {
  switch (call.op) {
    case Op::kListBuckets:
      return list_buckets(call);
    case Op::kCreateBucket:
      return create_bucket(call);
    case Op::kHeadBucket:
      return head_bucket(call);
    case Op::kDeleteBucket:
      return delete_bucket(call);
    case Op::kGetBucketLocation:
      return get_bucket_location(call);
    case Op::kListObjectsV1:
      return list_objects_v1(call);
    case Op::kListObjectsV2:
      return call.rule(Rule::kListV2AsV1) ? list_objects_v1(call) : list_objects_v2(call);
    case Op::kListMultipartUploads:
      return list_multipart_uploads(call);
    case Op::kDeleteObjects:
      return delete_objects(call);
    case Op::kGetObject:
    case Op::kHeadObject:
      return get_object(call);
    case Op::kPutObject:
      return put_object(call);
    case Op::kCopyObject:
      return copy_object(call);
    case Op::kDeleteObject:
      return delete_object(call);
    case Op::kCreateMultipartUpload:
      return create_multipart_upload(call);
    case Op::kUploadPart:
      return upload_part(call);
    case Op::kUploadPartCopy:
      return upload_part_copy(call);
    case Op::kCompleteMultipartUpload:
      return complete_multipart_upload(call);
    case Op::kAbortMultipartUpload:
      return abort_multipart_upload(call);
    case Op::kListParts:
      return list_parts(call);
    case Op::kUnimplemented:
      return error_reply(call, {"NotImplemented", "", {}});
    case Op::kMethodNotAllowed:
      break;
  }
  return error_reply(call, {"MethodNotAllowed", "", {{"Method", call.head.method}}});
}

}  // namespace s3d
