// SPDX-License-Identifier: Apache-2.0
// The bucket and prefix in a bucket argument. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::cli {

struct BucketArgument {
  std::string bucket;
  std::string prefix;  ///< "" or "a/b/"
  std::string error;   ///< not empty: neither of the above counts
};

/// "" or "a/b/", of a path as a user types it.
std::string normalised_prefix(std::string_view path);

/// Reads BUCKET, BUCKET:/PATH, s3://BUCKET/PATH, and both after fstab's old "s3fs#".
BucketArgument parse_bucket_argument(std::string_view text);

}  // namespace pailfs::cli
