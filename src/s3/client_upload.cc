// SPDX-License-Identifier: Apache-2.0
// The multipart verbs, and what is true when the reply to the last of them was lost.
#include <algorithm>
#include <numeric>
#include <utility>

#include "pailfs/util/text.h"

#include "digest.h"
#include "service_client.h"

namespace pailfs::s3 {
namespace {

/// The 16 bytes of an ETag that is an MD5; nothing for any other.
std::optional<std::string> md5_of(const ETag& etag) {
  const std::string text = normal_etag(etag.value).value;
  if (text.size() != 34) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 1; at < 33; at += 2) {
    const std::optional<std::uint64_t> byte = parse_uint(text.substr(at, 2), 16);
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

}  // namespace

ETag expected_multipart_etag(const std::vector<UploadedPart>& parts) {
  std::string all;
  for (const UploadedPart& part : parts) {
    const std::optional<std::string> md5 = md5_of(part.etag);
    if (!md5) return {};
    all += *md5;
  }
  return normal_etag(hex(digest(Digest::md5, all)) + "-" + std::to_string(parts.size()));
}

Result<UploadId> ServiceClient::create_upload(const Key& key, const ObjectAttributes& attributes) {
  Outcome outcome = run(Op::create_upload, key, [&](const Site& site) {
    return build_create_upload(site, key, attributes);
  });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  return std::get<UploadId>(std::move(outcome.verdict.reply));
}

Result<ETag> ServiceClient::upload_part(const Key& key, const UploadId& id, int number,
                                        ByteSource& body) {
  SourceBody source(body);
  Call call = start(Op::upload_part, key);
  call.body = &source;
  call.build = [&](const Site& site, Asked& /*asked*/, const std::string& md5) {
    return build_upload_part(site, key, id, number, md5);
  };
  Outcome outcome = requester_.run(std::move(call));
  if (!outcome.verdict.ok) return source.explain(outcome.verdict.error);
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
  if (!outcome.verdict.ok) return outcome.verdict.error;
  return std::get<ETag>(std::move(outcome.verdict.reply));
}

Result<ETag> ServiceClient::complete_upload(const Key& key, const UploadId& id,
                                            const std::vector<UploadedPart>& parts) {
  Outcome outcome = run(Op::complete_upload, key, [&](const Site& site) {
    return build_complete_upload(site, key, id, parts);
  });
  if (outcome.verdict.ok) {
    keys_.stored(key);
    return std::get<ETag>(std::move(outcome.verdict.reply));
  }
  // The upload may be gone because an attempt whose reply was lost had completed it. Under keys of
  // the user or of KMS an ETag is no MD5 and proves nothing: then it counts as failed.
  const ETag expected = expected_multipart_etag(parts);
  if ((outcome.doubt || outcome.verdict.outcome_unknown) && !expected.empty()) {
    const std::uint64_t size = std::accumulate(
        parts.begin(), parts.end(), std::uint64_t{0},
        [](std::uint64_t sum, const UploadedPart& part) { return sum + part.size; });
    const Result<ObjectInfo> now = head(key);
    if (now && now->size == size && now->etag == expected) return now->etag;
  }
  Error error = outcome.verdict.error;
  // The upload is gone, not the object: that must not look like a missing file.
  if (error.err == ENOENT) error.err = EIO;
  return error;
}

Status ServiceClient::abort_upload(const Key& key, const UploadId& id) {
  Outcome outcome = run(Op::abort_upload, key,
                        [&](const Site& site) { return build_abort_upload(site, key, id); });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  return {};
}

}  // namespace pailfs::s3
