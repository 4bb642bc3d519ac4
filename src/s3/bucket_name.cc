// SPDX-License-Identifier: Apache-2.0
// The rules for bucket names.
#include <algorithm>

#include "pailfs/util/text.h"

#include "site.h"

namespace pailfs::s3 {

Status check_bucket_name(const std::string& bucket, bool path_style, const std::string& url) {
  const auto bad = [&](const std::string& why) {
    return Error{EINVAL, "bucket name \"" + printable(bucket, 100) + "\" " + why};
  };
  if (bucket.empty()) return Error{EINVAL, "the bucket name is missing"};
  if (bucket == "." || bucket == "..") return bad("is not a name");
  const auto byte_ok = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  const auto wrong = std::find_if_not(bucket.begin(), bucket.end(), byte_ok);
  if (wrong != bucket.end())
    return bad("has \"" + printable(std::string(1, *wrong)) +
               "\"; allowed are letters, digits, '-', '.' and '_'");
  Config config;
  config.url = url;
  config.bucket = bucket;
  config.path_style = path_style;
  if (uses_path_style(config)) {
    // Old buckets and other services allow more than the rules for new ones on AWS do.
    if (bucket.size() > 255) return bad("is longer than 255 bytes");
    return {};
  }
  if (bucket.size() < 3 || bucket.size() > 63)
    return bad("must have 3 to 63 characters, or be used with -o use_path_request_style");
  const auto upper_or_line = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); };
  if (std::any_of(bucket.begin(), bucket.end(), upper_or_line))
    return bad(
        "has upper-case letters or '_', which no host name can have: use "
        "-o use_path_request_style");
  const std::string_view edge = "-.";
  if (edge.find(bucket.front()) != std::string_view::npos ||
      edge.find(bucket.back()) != std::string_view::npos)
    return bad("must begin and end with a letter or digit");
  if (bucket.find("..") != std::string::npos) return bad("has two dots in a row");
  return {};
}

}  // namespace pailfs::s3
