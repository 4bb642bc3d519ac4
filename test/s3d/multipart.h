// SPDX-License-Identifier: Apache-2.0
/// Multipart uploads under way and the rules of completing them ("Multipart upload limits" in the
/// Amazon S3 documentation). Thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "errors.h"
#include "store.h"

namespace s3d {

constexpr int kMaxParts = 10000;
constexpr std::uint64_t kMinPart = 5ULL << 20;
constexpr std::uint64_t kMaxPart = 5ULL << 30;

struct Part {
  Body body;
  std::string etag;     ///< without quotes
  std::string md5_raw;  ///< 16 bytes
  std::time_t mtime = 0;
  Headers checksums;
};

struct Upload {
  std::string bucket;
  std::string key;
  std::string id;
  std::time_t initiated = 0;
  Object prototype;      ///< headers of the object to be
  std::string checksum;  ///< header that each part must have, "x-amz-checksum-..."; empty: none may
  mutable std::mutex mutex;
  std::map<int, Part> parts;  ///< guarded by mutex
  bool closed = false;        ///< guarded by mutex: completed or aborted
};
using UploadPtr = std::shared_ptr<Upload>;

/// One <Part> of a Complete request.
struct PartClaim {
  int number = 0;
  std::string etag;  ///< with or without quotes
  Headers checksums;
};

/// Why a part with these checksums does not belong to the upload; nothing if it does.
std::optional<S3Error> judge_part_checksums(const Upload& upload, const Headers& checksums);

struct CompleteRules {
  bool check_min_size = true;
  bool check_order = true;
  bool all_listed = false;  ///< a part that is not claimed is an error
};

/// The object that `claims` describe (etag, body, part_sizes filled in), or why not.
std::variant<Object, S3Error> assemble(const Upload& upload, std::vector<PartClaim> claims,
                                       const CompleteRules& rules);

class Uploads {
 public:
  UploadPtr create(const std::string& bucket, const std::string& key, Object prototype,
                   std::time_t now, std::string checksum = {});
  UploadPtr find(const std::string& bucket, const std::string& key, const std::string& id) const;
  /// Takes the upload off the list; a request that still holds it finds `closed`.
  void close(const Upload& upload);
  void remember_completed(const Upload& upload, const std::string& etag);
  /// ETag of an upload that was completed before.
  std::optional<std::string> completed(const std::string& bucket, const std::string& key,
                                       const std::string& id) const;
  /// In the order of key, then id.
  std::vector<UploadPtr> all(std::string_view bucket) const;
  std::size_t size() const;

 private:
  using Name = std::tuple<std::string, std::string, std::string>;
  mutable std::mutex mutex_;
  std::map<Name, UploadPtr> open_;
  std::map<Name, std::string> completed_;
  std::uint64_t counter_ = 0;
};

}  // namespace s3d
