// SPDX-License-Identifier: Apache-2.0
/// The S3 operations the server knows, by their names in the Amazon S3 API Reference (ListObjectsV1
/// is ListObjects, renamed so that the counters read well), and how a request is recognised.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "http_message.h"

namespace s3d {

enum class Op {
  kListBuckets,
  kCreateBucket,
  kHeadBucket,
  kDeleteBucket,
  kGetBucketLocation,
  kListObjectsV1,
  kListObjectsV2,
  kListMultipartUploads,
  kDeleteObjects,
  kGetObject,
  kHeadObject,
  kPutObject,
  kCopyObject,
  kDeleteObject,
  kCreateMultipartUpload,
  kUploadPart,
  kUploadPartCopy,
  kCompleteMultipartUpload,
  kAbortMultipartUpload,
  kListParts,
  kUnimplemented,     ///< a sub-resource of S3 that this server does not have: 501
  kMethodNotAllowed,  ///< no such operation: 405
};
constexpr int kOpCount = static_cast<int>(Op::kMethodNotAllowed) + 1;

std::string_view op_name(Op op);
std::optional<Op> op_by_name(std::string_view name);
bool op_mutates(Op op);
/// Whether a body belongs to the operation (others ignore one).
bool op_takes_body(Op op);
bool op_lists(Op op);

struct Address {
  std::string bucket;
  std::string key;
};

Op classify(const RequestHead& head, const Address& address);

}  // namespace s3d
