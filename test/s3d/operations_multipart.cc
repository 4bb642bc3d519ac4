// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "conditions.h"
#include "copy_source.h"
#include "digest.h"
#include "multipart.h"
#include "service.h"
#include "sse.h"
#include "text.h"
#include "xml_in.h"
#include "xml_out.h"

namespace s3d {
namespace {

std::string md5_of(const Body& body) {
  Hash hash(HashKind::kMd5);
  for (const Body::Piece& piece : body.pieces()) hash.update(piece.bytes);
  return hash.finish();
}

UploadPtr find_upload(const Call& call) {
  return call.service.uploads.find(call.bucket->name, call.address.key,
                                   std::string(call.head.param_or_empty("uploadId")));
}

std::optional<int> part_number(const Call& call) {
  auto number = parse_u64(call.head.param_or_empty("partNumber"));
  if (!number || *number < 1 || *number > kMaxParts) return std::nullopt;
  return static_cast<int>(*number);
}

S3Error bad_part_number(const Call& call) {
  return {"InvalidArgument",
          "Part number must be an integer between 1 and 10000, inclusive",
          {{"ArgumentName", "partNumber"},
           {"ArgumentValue", std::string(call.head.param_or_empty("partNumber"))}}};
}

WriteOutcome add_part(Call& call, const UploadPtr& upload, int number, Part part) {
  // A std::function must be copyable, and a late one outlives this frame.
  auto shared = std::make_shared<Part>(std::move(part));
  return call.commit([upload, number, shared] {
    std::lock_guard lock(upload->mutex);
    if (upload->closed) return WriteOutcome::kNoSuchKey;
    upload->parts[number] = *shared;
    return WriteOutcome::kDone;
  });
}

bool parts_are_equal(const std::vector<std::uint64_t>& sizes) {
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    if (sizes[i] != sizes.front()) return false;
  return sizes.empty() || sizes.back() <= sizes.front();
}

Reply complete_reply(const Call& call, std::string_view etag) {
  XmlWriter xml("CompleteMultipartUploadResult");
  xml.element("Location", "http://" + std::string(call.header("host")) + "/" + call.bucket->name +
                              "/" + percent_encode(call.address.key, true));
  xml.element("Bucket", call.bucket->name);
  xml.element("Key", call.address.key);
  xml.etag(etag);
  return xml_reply(xml.finish());
}

/// A part is shown the key that its upload was begun with.
std::optional<S3Error> judge_part_key(const Call& call, const Upload& upload) {
  if (call.rule(Rule::kSseCIgnored)) return std::nullopt;
  return judge_customer_key(call.head.headers, kSsePrefix, upload.prototype.customer_key_md5);
}

/// The header that parts of the upload to be begun must have.
std::string wanted_checksum(const Call& call) {
  std::string_view algorithm = call.header("x-amz-checksum-algorithm");
  if (algorithm.empty() || call.rule(Rule::kNoChecksumCheck)) return {};
  return "x-amz-checksum-" + to_lower(algorithm);
}

/// Of a part that the server has copied; nothing where the upload wants none.
Headers checksums_of_copy(const Upload& upload, const Body& body) {
  Headers checksums;
  if (upload.checksum.empty()) return checksums;
  Hash hash(*checksum_kind(std::string_view(upload.checksum).substr(15)));
  for (const Body::Piece& piece : body.pieces()) hash.update(piece.bytes);
  checksums.add(upload.checksum, base64(hash.finish()));
  return checksums;
}

/// A service that writes parts to a disk under the id that it is told.
Reply forgotten_part(const Call& call) {
  Reply reply;
  add_etag(call.service.rules, reply, hex(call.digests.md5_raw));
  return reply;
}

/// The ETag of the object, which Complete tells under complete_etag_other as S3 would.
std::string etag_of_parts(const Call& call, Object& object) {
  const std::string count = "-" + std::to_string(object.part_sizes.size());
  if (call.rule(Rule::kEtagNotMd5) || call.rule(Rule::kMultipartEtagNotMd5))
    return hex(random_bytes(16)) + count;
  const bool whole = call.rule(Rule::kCompleteEtagOther) || call.rule(Rule::kMultipartEtagMd5);
  return whole ? object.md5->get(object.body) : object.etag;
}

}  // namespace

Reply create_multipart_upload(Call& call) {
  if (auto error = judge_encryption(call)) return error_reply(call, std::move(*error));
  std::string checksum = wanted_checksum(call);
  if (!checksum.empty() && !checksum_kind(std::string_view(checksum).substr(15)))
    return error_reply(call, {"InvalidRequest", "Checksum algorithm provided is unsupported.", {}});
  Object prototype;
  take_object_headers(call.head.headers, call.service.rules, prototype);
  const Object described = prototype;
  std::string id = "lost-" + hex(random_bytes(16));
  if (!call.plan.has("reply_then_lose"))
    id = call.service.uploads
             .create(call.bucket->name, call.address.key, std::move(prototype),
                     call.service.clock.now(), std::move(checksum))
             ->id;
  XmlWriter xml("InitiateMultipartUploadResult");
  xml.element("Bucket", call.bucket->name);
  xml.element("Key", call.address.key);
  xml.element("UploadId", id);
  Reply reply = xml_reply(xml.finish());
  add_encryption_headers(described, reply);
  return reply;
}

Reply upload_part(Call& call) {
  auto number = part_number(call);
  if (!number) return error_reply(call, bad_part_number(call));
  UploadPtr upload = find_upload(call);
  if (!upload && call.rule(Rule::kPartOfAnyUpload)) return forgotten_part(call);
  if (!upload) return error_reply(call, no_such_upload(call));
  if (auto error = judge_part_key(call, *upload)) return error_reply(call, std::move(*error));
  if (!call.rule(Rule::kNoChecksumCheck))
    if (auto error = judge_part_checksums(*upload, call.digests.checksums))
      return error_reply(call, std::move(*error));
  Part part;
  part.body = call.body;
  part.md5_raw = call.digests.md5_raw.empty() ? random_bytes(16) : call.digests.md5_raw;
  part.etag = choose_etag(call, hex(part.md5_raw), upload->prototype);
  part.mtime = call.service.clock.now();
  part.checksums = call.digests.checksums;
  Reply reply;
  add_etag(call.service.rules, reply, part.etag);
  for (const Header& h : part.checksums) reply.headers.add(h.name, h.value);
  add_encryption_headers(upload->prototype, reply);
  if (add_part(call, upload, *number, std::move(part)) != WriteOutcome::kDone)
    return error_reply(call, no_such_upload(call));
  return reply;
}

Reply upload_part_copy(Call& call) {
  auto number = part_number(call);
  if (!number) return error_reply(call, bad_part_number(call));
  UploadPtr upload = find_upload(call);
  if (!upload) return error_reply(call, no_such_upload(call));
  if (auto error = judge_part_key(call, *upload)) return error_reply(call, std::move(*error));
  auto found = find_copy_source(call);
  if (auto* error = std::get_if<S3Error>(&found)) return error_reply(call, std::move(*error));
  const Object& source = *std::get<CopySource>(found).object;
  Part part;
  part.body = source.body;
  if (const std::string* header = call.head.headers.find("x-amz-copy-source-range")) {
    auto range = parse_copy_range(*header, source.body.size());
    if (!range)
      return error_reply(
          call, {"InvalidArgument",
                 "Range specified is not valid for source object of size: " +
                     std::to_string(source.body.size()),
                 {{"ArgumentName", "x-amz-copy-source-range"}, {"ArgumentValue", *header}}});
    part.body = source.body.slice(range->first, range->length);
  }
  if (part.body.size() > kMaxPart)
    return error_reply(call, {"InvalidRequest",
                              "The specified copy source is larger than the maximum allowable size "
                              "for a copy source: 5368709120",
                              {}});
  part.md5_raw = call.rule(Rule::kEtagNotMd5) ? random_bytes(16) : md5_of(part.body);
  part.etag = choose_etag(call, hex(part.md5_raw), upload->prototype);
  part.mtime = call.service.clock.now();
  part.checksums = checksums_of_copy(*upload, part.body);
  XmlWriter xml("CopyPartResult");
  xml.element("LastModified", listing_date(part.mtime));
  xml.etag(part.etag);
  for (const Header& h : part.checksums)
    xml.element("Checksum" + to_upper(std::string_view(h.name).substr(15)), h.value);
  if (add_part(call, upload, *number, std::move(part)) != WriteOutcome::kDone)
    return error_reply(call, no_such_upload(call));
  Reply reply = xml_reply(xml.finish());
  add_encryption_headers(upload->prototype, reply);
  return reply;
}

Reply complete_multipart_upload(Call& call) {
  auto claims = parse_complete(call.body.to_string());
  if (!claims) return error_reply(call, {"MalformedXML", "", {}});
  Uploads& uploads = call.service.uploads;
  std::string id(call.head.param_or_empty("uploadId"));
  UploadPtr upload = find_upload(call);
  if (!upload) {
    auto before = uploads.completed(call.bucket->name, call.address.key, id);
    if (!before || call.rule(Rule::kCompleteOnce)) return error_reply(call, no_such_upload(call));
    return complete_reply(call, *before);
  }
  CompleteRules rules{!call.rule(Rule::kMinPartOff), !call.rule(Rule::kPartOrderOff),
                      call.rule(Rule::kAllPartsListed)};
  auto assembled = assemble(*upload, *std::move(claims), rules);
  if (auto* error = std::get_if<S3Error>(&assembled)) return error_reply(call, std::move(*error));
  if (call.rule(Rule::kEqualParts) && !parts_are_equal(std::get<Object>(assembled).part_sizes))
    return error_reply(call,
                       {"InvalidPart", "All non-trailing parts must have the same length.", {}});
  auto object = std::make_shared<Object>(std::get<Object>(std::move(assembled)));
  object->md5 = std::make_shared<ContentMd5>();
  object->created_ms = call.service.clock.now_ms();
  object->mtime = object->created_ms / 1000;
  const std::string of_parts = object->etag;
  object->etag = etag_of_parts(call, *object);
  if (call.rule(Rule::kFullMd5)) object->md5->get(object->body);
  WriteOutcome outcome =
      call.commit([&store = call.service.store, &uploads, upload, bucket = call.bucket,
                   key = call.address.key, object, condition = write_condition(call)] {
        WriteOutcome put = store.put(*bucket, key, object, "CompleteMultipartUpload", condition);
        if (put != WriteOutcome::kDone) return put;
        uploads.remember_completed(*upload, object->etag);
        uploads.close(*upload);
        return put;
      });
  if (outcome != WriteOutcome::kDone) return outcome_reply(call, outcome);
  Reply reply = complete_reply(call, call.rule(Rule::kCompleteEtagOther) ? of_parts : object->etag);
  add_encryption_headers(*object, reply);
  return reply;
}

Reply abort_multipart_upload(Call& call) {
  UploadPtr upload = find_upload(call);
  if (!upload) return error_reply(call, no_such_upload(call));
  call.commit([&uploads = call.service.uploads, upload] {
    uploads.close(*upload);
    return WriteOutcome::kDone;
  });
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace s3d
