// SPDX-License-Identifier: Apache-2.0
// Builders of the multipart verbs.
#include "pailfs/util/text.h"

#include "payload.h"
#include "request.h"
#include "request_pieces.h"
#include "sse.h"

namespace pailfs::s3 {
namespace {

Status check_upload(const Key& key, const UploadId& id) {
  if (id.empty()) return Error{EINVAL, "a multipart upload needs its id"};
  return check_key(key);
}

Status check_part(const Key& key, const UploadId& id, int number) {
  const std::uint64_t most = store::Limits().most_parts;
  if (number < 1 || static_cast<std::uint64_t>(number) > most)
    return Error{EINVAL, "part number " + std::to_string(number) + " is not within 1 to " +
                             std::to_string(most)};
  return check_upload(key, id);
}

std::string part_url(const Site& site, const Key& key, const UploadId& id, int number) {
  return site.object_url(key, {{"partNumber", std::to_string(number)}, {"uploadId", id.value}});
}

}  // namespace

Result<Built> build_create_upload(const Site& site, const Key& key,
                                  const ObjectAttributes& attributes, const BodySums& sums) {
  if (Status ok = check_key(key); !ok) return ok.error();
  Built built =
      start_request(site, http::Method::post, site.object_url(key, {{"uploads", std::nullopt}}));
  if (Status ok = add_attributes(built.request, attributes); !ok) return ok.error();
  add_creation_headers(built.request, site, key);
  if (sums.parts_have_checksums)
    built.request.headers.add("x-amz-checksum-algorithm", std::string(kChecksumAlgorithm));
  built.body.emplace();
  return built;
}

Result<Built> build_upload_part(const Site& site, const Key& key, const UploadId& id, int number,
                                const BodySums& sums) {
  if (Status ok = check_part(key, id, number); !ok) return ok.error();
  Built built = start_request(site, http::Method::put, part_url(site, key, id, number));
  add_sums(built.request.headers, sums);
  add_customer_headers(built.request.headers, site.encryption.customer());
  return built;
}

Result<Built> build_copy_part(const Site& site, const PartCopy& copy) {
  if (Status ok = check_part(copy.key, copy.id, copy.number); !ok) return ok.error();
  if (Status ok = check_key(copy.source); !ok) return ok.error();
  if (copy.range.length == 0) return Error{EINVAL, "an empty range cannot be copied"};
  if (copy.source_key != nullptr && site.encryption.kind == Encryption::Kind::none) {
    // The upload it belongs to was begun without a key.
    return Error{EPERM,
                 printable(copy.source, 200) +
                     ": changing it would take its encryption away. Mount with use_sse=custom"};
  }
  Built built =
      start_request(site, http::Method::put, part_url(site, copy.key, copy.id, copy.number));
  http::Headers& headers = built.request.headers;
  headers.add("x-amz-copy-source", site.copy_source(copy.source));
  headers.add("x-amz-copy-source-range", range_text(copy.range));
  if (!copy.source_if_match.empty())
    headers.add("x-amz-copy-source-if-match", copy.source_if_match.value);
  add_copy_source_headers(headers, copy.source_key);
  add_customer_headers(headers, site.encryption.customer());
  allow_long_silence(built.request, site);
  built.body.emplace();
  return built;
}

Result<Built> build_complete_upload(const Site& site, const Key& key, const UploadId& id,
                                    const std::vector<UploadedPart>& parts,
                                    const std::map<int, std::string>& checksums,
                                    const Condition& condition) {
  if (parts.empty()) return Error{EINVAL, "a multipart upload needs at least one part"};
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  int last = 0;
  for (const UploadedPart& part : parts) {
    if (Status ok = check_part(key, id, part.number); !ok) return ok.error();
    if (part.number <= last) return Error{EINVAL, "parts must be in ascending order"};
    last = part.number;
    body.append("<Part><PartNumber>").append(std::to_string(part.number));
    body.append("</PartNumber><ETag>").append(xml_escape(part.etag.value)).append("</ETag>");
    if (const auto found = checksums.find(part.number); found != checksums.end())
      body.append("<ChecksumCRC32C>").append(found->second).append("</ChecksumCRC32C>");
    body.append("</Part>");
  }
  body += "</CompleteMultipartUpload>";
  Built built =
      start_request(site, http::Method::post, site.object_url(key, {{"uploadId", id.value}}));
  built.request.headers.add("Content-Type", "application/xml");
  add_condition(built.request.headers, site, condition);
  // S3 does not ask for it, Ceph 20 does.
  add_customer_headers(built.request.headers, site.encryption.customer());
  allow_long_silence(built.request, site);
  built.body = std::move(body);
  return built;
}

Result<Built> build_abort_upload(const Site& site, const Key& key, const UploadId& id) {
  if (Status ok = check_upload(key, id); !ok) return ok.error();
  return start_request(site, http::Method::del, site.object_url(key, {{"uploadId", id.value}}));
}

Result<Built> build_list_parts(const Site& site, const Key& key, const UploadId& id,
                               const std::string& part_marker) {
  if (Status ok = check_upload(key, id); !ok) return ok.error();
  std::vector<QueryField> query{{"max-parts", "1000"}, {"uploadId", id.value}};
  if (!part_marker.empty()) query.push_back({"part-number-marker", part_marker});
  return start_request(site, http::Method::get, site.object_url(key, query));
}

Built build_list_uploads(const Site& site, const std::string& prefix, const UploadPage& after) {
  std::vector<QueryField> query{{"uploads", std::nullopt},
                                {"encoding-type", "url"},
                                {"max-uploads", "1000"},
                                {"prefix", prefix}};
  if (!after.next_key.empty()) query.push_back({"key-marker", after.next_key});
  if (!after.next_upload_id.empty()) query.push_back({"upload-id-marker", after.next_upload_id});
  return start_request(site, http::Method::get, site.bucket_url(query));
}

}  // namespace pailfs::s3
