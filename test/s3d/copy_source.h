// SPDX-License-Identifier: Apache-2.0
/// The object that x-amz-copy-source names, for CopyObject and UploadPartCopy.
#pragma once
#include <string>
#include <variant>

#include "service.h"

namespace s3d {

struct CopySource {
  std::string bucket;
  std::string key;
  ObjectPtr object;
};

/// Also judges the x-amz-copy-source-if-* headers.
std::variant<CopySource, S3Error> find_copy_source(const Call& call);

}  // namespace s3d
