// SPDX-License-Identifier: Apache-2.0
// The multipart verbs; also finds out whether Complete took effect when its reply was lost.
#include <algorithm>
#include <numeric>
#include <utility>

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "reply_headers.h"
#include "service_client.h"

namespace pailfs::s3 {
ETag expected_multipart_etag(const std::vector<UploadedPart>& parts) {
  std::string all;
  for (const UploadedPart& part : parts) {
    const std::optional<std::string> md5 = md5_of(part.etag);
    if (!md5) return {};
    all += *md5;
  }
  return normal_etag(hex(digest(Digest::md5, all)) + "-" + std::to_string(parts.size()));
}

namespace {

std::uint64_t size_of(const std::vector<UploadedPart>& parts) {
  return std::accumulate(
      parts.begin(), parts.end(), std::uint64_t{0},
      [](std::uint64_t sum, const UploadedPart& part) { return sum + part.size; });
}

/// True when the object is what Complete makes of these parts. With SSE-C or SSE-KMS an ETag is no
/// MD5 and proves nothing.
bool is_completed(const std::vector<UploadedPart>& parts, const ObjectInfo& now) {
  const ETag expected = expected_multipart_etag(parts);
  return !expected.empty() && now.size == size_of(parts) && now.etag == expected;
}

}  // namespace

Result<UploadId> ServiceClient::create_upload(const Key& key, const ObjectAttributes& attributes,
                                              PartOrigin origin) {
  Call call = start(Op::create_upload, key);
  // Not every service that checks parts tells the checksum of a part that it has copied, and
  // without it the upload could not be completed.
  call.may_checksum = origin == PartOrigin::sent && checksums_.has_room();
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& sums) {
    return build_create_upload(site, key, attributes, sums);
  };
  Outcome outcome = requester_.run(std::move(call));
  if (!outcome.verdict.ok) return outcome.verdict.error;
  UploadId id = std::get<UploadId>(std::move(outcome.verdict.reply));
  if (outcome.checksums) checksums_.begin(id);
  return id;
}

Result<ETag> ServiceClient::upload_part(const Key& key, const UploadId& id, int number,
                                        ByteSource& body) {
  Call call = start(Op::upload_part, key);
  call.body = &body;
  const bool covered = checksums_.covers(id);
  call.bound = covered;
  std::string checksum;
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& sums) {
    checksum = sums.crc32c;
    return build_upload_part(site, key, id, number, sums);
  };
  Outcome outcome = requester_.run(std::move(call));
  if (!outcome.verdict.ok) return outcome.verdict.error;
  if (outcome.verdict.checksum_confirmed) checksums_.confirmed(id, number, std::move(checksum));
  if (covered && !outcome.checksums) checksums_.forget(id);
  return std::get<ETag>(std::move(outcome.verdict.reply));
}

Result<ETag> ServiceClient::copy_part(const Key& key, const UploadId& id, int number,
                                      const Key& source, const ETag& source_if_match,
                                      ByteRange range) {
  PartCopy part{key, id, number, source, source_if_match, range, nullptr};
  Outcome outcome = with_keys(source, [&](const CustomerKey* source_key) {
    part.source_key = source_key;
    return run(Op::copy_part, key, [&](const Site& site) { return build_copy_part(site, part); });
  });
  if (outcome.verdict.ok) return std::get<ETag>(std::move(outcome.verdict.reply));
  Error error = outcome.verdict.error;
  if (may_settle(outcome)) {
    const auto parts = list_parts(key, id);
    const auto found = parts ? std::find_if(parts->begin(), parts->end(),
                                            [&](const auto& one) { return one.number == number; })
                             : std::vector<UploadedPart>::const_iterator();
    if (parts && found != parts->end() && found->size == range.length) return found->etag;
    return error;
  }
  const bool refused =
      !outcome.verdict.foreign && refuses_the_way(error.s3_code, error.http_status);
  if (error.err == EPERM || !refused) return error;
  if (part_copies_work_.exchange(false))
    requester_.notice("the service does not copy parts of objects (" +
                      (error.s3_code.empty() ? std::to_string(error.http_status) : error.s3_code) +
                      "); what stays of a large file is fetched and sent again from now on");
  error.err = ENOTSUP;
  error.refusal = Refusal::not_supported;
  return error;
}

Outcome ServiceClient::run_complete(const Upload& upload, const Condition& said) {
  const std::map<int, std::string> checksums = checksums_.of(upload.id);
  const std::map<int, std::string> none;
  Call call = start(Op::complete_upload, upload.key);
  call.asked.if_absent = said.absent;
  call.bound = !checksums.empty();
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& sums) {
    return build_complete_upload(site, upload.key, upload.id, upload.parts,
                                 sums.parts_have_checksums ? checksums : none, said);
  };
  Outcome outcome = requester_.run(std::move(call));
  Error& error = outcome.verdict.error;
  // Either the upload is gone or, as Amazon has it, the object of the condition.
  if (!outcome.verdict.ok && !said.version.empty() && error.s3_code == "NoSuchKey") {
    const Result<ObjectInfo> now = head(upload.key);
    if (!now && now.error().err == ENOENT) error.http_status = 412;
  }
  return outcome;
}

ServiceClient::Seen ServiceClient::look_at_upload(const Upload& upload, const Condition& wanted,
                                                  bool doubt) {
  const Result<ObjectInfo> now = head(upload.key);
  if (doubt && now && is_completed(upload.parts, *now)) return {Look::holds, now->etag};
  return {compare(wanted, now), std::nullopt};
}

Result<ETag> ServiceClient::complete_upload(const Key& key, const UploadId& id,
                                            const std::vector<UploadedPart>& parts,
                                            const Condition& condition) {
  const Upload upload{key, id, parts};
  Made made = make({Conditional::complete, condition,
                    [&](const Condition& said) { return run_complete(upload, said); },
                    [&](bool doubt) { return look_at_upload(upload, condition, doubt); }});
  Outcome& outcome = made.outcome;
  if (outcome.verdict.ok) {
    checksums_.forget(id);
    keys_.stored(key);
    ETag etag = std::get<ETag>(std::move(outcome.verdict.reply));
    return etag.empty() ? unnamed_upload(key, parts) : Result<ETag>(std::move(etag));
  }
  // The upload may be gone because an attempt whose reply was lost has completed it, in this call
  // or an earlier one. With SSE-C or SSE-KMS an ETag is no MD5 and proves nothing: then the upload
  // counts as failed.
  const ETag expected = expected_multipart_etag(parts);
  const bool may_be_done = outcome.doubt || outcome.verdict.outcome_unknown ||
                           outcome.verdict.error.s3_code == "NoSuchUpload";
  if (may_be_done && !made.looked && !expected.empty()) {
    const Result<ObjectInfo> now = head(key);
    if (now && is_completed(parts, *now)) {
      checksums_.forget(id);
      return now->etag;
    }
  }
  Error error = outcome.verdict.error;
  error.in_doubt = may_be_done;
  // The upload is gone, not the object: that must not look like a missing file.
  if (error.err == ENOENT) error.err = EIO;
  return error;
}

/// The service has completed the upload, but its reply has no ETag.
Result<ETag> ServiceClient::unnamed_upload(const Key& key, const std::vector<UploadedPart>& parts) {
  const Result<ObjectInfo> now = head(key);
  const ETag expected = expected_multipart_etag(parts);
  // With SSE-C or SSE-KMS an ETag is no MD5.
  const bool named_by_md5 =
      !expected.empty() && requester_.config().encryption.kind == Encryption::Kind::none;
  if (now && now->size == size_of(parts) && !now->etag.empty() &&
      (now->etag == expected || !named_by_md5)) {
    return now->etag;
  }
  Error error = now ? Error{EIO, "the object is not what was uploaded"} : now.error();
  error.err = EIO;
  error.text = "COMPLETE " + printable(key, 200) +
               ": the reply names no version, and the object cannot show it: " + error.text;
  error.in_doubt = true;
  return error;
}

Status ServiceClient::abort_upload(const Key& key, const UploadId& id) {
  Outcome outcome = run(Op::abort_upload, key,
                        [&](const Site& site) { return build_abort_upload(site, key, id); });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  checksums_.forget(id);
  return {};
}

}  // namespace pailfs::s3
