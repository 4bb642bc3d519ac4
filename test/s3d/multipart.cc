// SPDX-License-Identifier: Apache-2.0
#include "multipart.h"

#include <algorithm>
#include <utility>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

std::string bare(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

S3Error invalid_part(const Upload& upload, const PartClaim& claim) {
  return {"InvalidPart",
          "",
          {{"UploadId", upload.id},
           {"PartNumber", std::to_string(claim.number)},
           {"ETag", bare(claim.etag)}}};
}

bool checksums_agree(const PartClaim& claim, const Part& part) {
  return std::all_of(claim.checksums.begin(), claim.checksums.end(), [&](const Header& h) {
    const std::string* stored = part.checksums.find(h.name);
    return stored == nullptr || *stored == h.value;
  });
}

std::string_view algorithm(const std::string& header) {
  return header.empty() ? std::string_view("null") : std::string_view(header).substr(15);
}

}  // namespace

std::optional<S3Error> judge_part_checksums(const Upload& upload, const Headers& checksums) {
  const std::string given = checksums.size() > 0 ? checksums.begin()->name : std::string();
  const bool right = upload.checksum.empty() ? given.empty() : checksums.has(upload.checksum);
  if (right) return std::nullopt;
  return S3Error{"InvalidRequest",
                 "Checksum Type mismatch occurred, expected checksum Type: " +
                     std::string(algorithm(upload.checksum)) +
                     ", actual checksum Type: " + std::string(algorithm(given)),
                 {}};
}

std::variant<Object, S3Error> assemble(const Upload& upload, std::vector<PartClaim> claims,
                                       const CompleteRules& rules) {
  auto by_number = [](const PartClaim& a, const PartClaim& b) { return a.number < b.number; };
  if (!rules.check_order) std::sort(claims.begin(), claims.end(), by_number);
  for (std::size_t i = 1; i < claims.size(); ++i)
    if (claims[i].number <= claims[i - 1].number)
      return S3Error{"InvalidPartOrder", "", {{"UploadId", upload.id}}};

  std::lock_guard lock(upload.mutex);
  if (upload.closed) return S3Error{"NoSuchUpload", "", {{"UploadId", upload.id}}};
  if (rules.all_listed && claims.size() != upload.parts.size())
    return S3Error{"InvalidPart", "", {{"UploadId", upload.id}}};
  Object object = upload.prototype;
  std::string digests;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    auto found = upload.parts.find(claims[i].number);
    if (found == upload.parts.end() || found->second.etag != bare(claims[i].etag) ||
        !checksums_agree(claims[i], found->second))
      return invalid_part(upload, claims[i]);
    if (!upload.checksum.empty() && !claims[i].checksums.has(upload.checksum))
      return S3Error{"InvalidRequest",
                     "The upload was created using a " + std::string(algorithm(upload.checksum)) +
                         " checksum. The complete request must include the checksum for each part. "
                         "It was missing for part " +
                         std::to_string(claims[i].number) + " in the request.",
                     {}};
    const Part& part = found->second;
    if (rules.check_min_size && i + 1 < claims.size() && part.body.size() < kMinPart)
      return S3Error{"EntityTooSmall",
                     "",
                     {{"ProposedSize", std::to_string(part.body.size())},
                      {"MinSizeAllowed", std::to_string(kMinPart)},
                      {"PartNumber", std::to_string(claims[i].number)},
                      {"ETag", part.etag}}};
    digests += part.md5_raw;
    object.body.append(part.body);
    object.part_sizes.push_back(part.body.size());
  }
  object.etag = hex(md5(digests)) + "-" + std::to_string(claims.size());
  return object;
}

UploadPtr Uploads::create(const std::string& bucket, const std::string& key, Object prototype,
                          std::time_t now, std::string checksum) {
  auto upload = std::make_shared<Upload>();
  upload->bucket = bucket;
  upload->key = key;
  upload->initiated = now;
  upload->prototype = std::move(prototype);
  upload->checksum = std::move(checksum);
  std::lock_guard lock(mutex_);
  // Long and opaque, as on AWS; the counter keeps listings in the order of creation.
  std::string n = std::to_string(++counter_);
  upload->id = std::string(6 - std::min<std::size_t>(n.size(), 6), '0') + n + "." +
               hex(random_bytes(24)) + "_-~.";
  open_[{bucket, key, upload->id}] = upload;
  return upload;
}

UploadPtr Uploads::find(const std::string& bucket, const std::string& key,
                        const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = open_.find({bucket, key, id});
  return found == open_.end() ? nullptr : found->second;
}

void Uploads::close(const Upload& upload) {
  std::lock_guard lock(mutex_);
  auto found = open_.find({upload.bucket, upload.key, upload.id});
  if (found == open_.end()) return;
  UploadPtr gone = found->second;
  open_.erase(found);
  std::lock_guard upload_lock(gone->mutex);
  gone->closed = true;
  gone->parts.clear();
}

void Uploads::remember_completed(const Upload& upload, const std::string& etag) {
  std::lock_guard lock(mutex_);
  if (completed_.size() >= 10000) completed_.clear();
  completed_[{upload.bucket, upload.key, upload.id}] = etag;
}

std::optional<std::string> Uploads::completed(const std::string& bucket, const std::string& key,
                                              const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = completed_.find({bucket, key, id});
  if (found == completed_.end()) return std::nullopt;
  return found->second;
}

std::vector<UploadPtr> Uploads::all(std::string_view bucket) const {
  std::lock_guard lock(mutex_);
  std::vector<UploadPtr> out;
  for (const auto& [name, upload] : open_)
    if (std::get<0>(name) == bucket || bucket.empty()) out.push_back(upload);
  return out;
}

std::size_t Uploads::size() const {
  std::lock_guard lock(mutex_);
  return open_.size();
}

}  // namespace s3d
