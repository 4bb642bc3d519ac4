// SPDX-License-Identifier: Apache-2.0
#include "operation.h"

#include <algorithm>
#include <array>

namespace s3d {
namespace {

constexpr std::array<std::string_view, kOpCount> kNames = {"ListBuckets",
                                                           "CreateBucket",
                                                           "HeadBucket",
                                                           "DeleteBucket",
                                                           "GetBucketLocation",
                                                           "ListObjectsV1",
                                                           "ListObjectsV2",
                                                           "ListMultipartUploads",
                                                           "DeleteObjects",
                                                           "GetObject",
                                                           "HeadObject",
                                                           "PutObject",
                                                           "CopyObject",
                                                           "DeleteObject",
                                                           "CreateMultipartUpload",
                                                           "UploadPart",
                                                           "UploadPartCopy",
                                                           "CompleteMultipartUpload",
                                                           "AbortMultipartUpload",
                                                           "ListParts",
                                                           "Unimplemented",
                                                           "MethodNotAllowed"};

constexpr std::array<std::string_view, 24> kForeignSubresources = {"accelerate",
                                                                   "acl",
                                                                   "analytics",
                                                                   "attributes",
                                                                   "cors",
                                                                   "encryption",
                                                                   "inventory",
                                                                   "legal-hold",
                                                                   "lifecycle",
                                                                   "logging",
                                                                   "metrics",
                                                                   "notification",
                                                                   "object-lock",
                                                                   "ownershipControls",
                                                                   "policy",
                                                                   "policyStatus",
                                                                   "publicAccessBlock",
                                                                   "replication",
                                                                   "requestPayment",
                                                                   "restore",
                                                                   "retention",
                                                                   "tagging",
                                                                   "torrent",
                                                                   "versioning"};

constexpr std::array<std::string_view, 4> kMoreForeign = {"versions", "website", "select",
                                                          "renameObject"};

bool is_foreign(const RequestHead& head) {
  return std::any_of(head.query.begin(), head.query.end(), [](const QueryItem& item) {
    auto names = [&](const auto& list) {
      return std::find(list.begin(), list.end(), item.name) != list.end();
    };
    return names(kForeignSubresources) || names(kMoreForeign);
  });
}

Op classify_bucket(const RequestHead& head) {
  const std::string& method = head.method;
  if (method == "PUT") return Op::kCreateBucket;
  if (method == "HEAD") return Op::kHeadBucket;
  if (method == "DELETE") return Op::kDeleteBucket;
  if (method == "POST" && head.param("delete")) return Op::kDeleteObjects;
  if (method != "GET") return Op::kMethodNotAllowed;
  if (head.param("location")) return Op::kGetBucketLocation;
  if (head.param("uploads")) return Op::kListMultipartUploads;
  return head.param_or_empty("list-type") == "2" ? Op::kListObjectsV2 : Op::kListObjectsV1;
}

Op classify_object(const RequestHead& head) {
  const std::string& method = head.method;
  bool upload = head.param("uploadId") != nullptr;
  bool copy = head.headers.has("x-amz-copy-source");
  if (method == "PUT") {
    if (upload) return copy ? Op::kUploadPartCopy : Op::kUploadPart;
    return copy ? Op::kCopyObject : Op::kPutObject;
  }
  if (method == "GET") return upload ? Op::kListParts : Op::kGetObject;
  if (method == "HEAD") return Op::kHeadObject;
  if (method == "DELETE") return upload ? Op::kAbortMultipartUpload : Op::kDeleteObject;
  if (method == "POST" && head.param("uploads")) return Op::kCreateMultipartUpload;
  if (method == "POST" && upload) return Op::kCompleteMultipartUpload;
  return Op::kMethodNotAllowed;
}

}  // namespace

std::string_view op_name(Op op) {
  return kNames[static_cast<std::size_t>(op)];
}

std::optional<Op> op_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Op>(i);
  return std::nullopt;
}

bool op_mutates(Op op) {
  switch (op) {
    case Op::kCreateBucket:
    case Op::kDeleteBucket:
    case Op::kDeleteObjects:
    case Op::kPutObject:
    case Op::kCopyObject:
    case Op::kDeleteObject:
    case Op::kCreateMultipartUpload:
    case Op::kUploadPart:
    case Op::kUploadPartCopy:
    case Op::kCompleteMultipartUpload:
    case Op::kAbortMultipartUpload:
      return true;
    default:
      return false;
  }
}

bool op_takes_body(Op op) {
  return op == Op::kPutObject || op == Op::kUploadPart || op == Op::kDeleteObjects ||
         op == Op::kCompleteMultipartUpload || op == Op::kCreateBucket;
}

bool op_lists(Op op) {
  return op == Op::kListObjectsV1 || op == Op::kListObjectsV2 || op == Op::kListMultipartUploads ||
         op == Op::kListParts || op == Op::kListBuckets;
}

Op classify(const RequestHead& head, const Address& address) {
  if (is_foreign(head)) return Op::kUnimplemented;
  if (address.bucket.empty())
    return head.method == "GET" ? Op::kListBuckets : Op::kMethodNotAllowed;
  return address.key.empty() ? classify_bucket(head) : classify_object(head);
}

}  // namespace s3d
