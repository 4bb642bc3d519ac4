// SPDX-License-Identifier: Apache-2.0
#include "imitate.h"

#include "text.h"

namespace s3d {
namespace {

struct Row {
  std::string_view name;
  std::string_view rules;  ///< separated by blanks
};

// Sources: rclone's backend/s3/provider/*.yaml (quirks); Alibaba's "Compatibility with Amazon S3";
// Cloudflare's "S3 API compatibility"; MinIO's error texts.
constexpr Row kRows[] = {
    {"kodo", "region=cn-east-1 no_encoding_type multipart_etag_not_md5"},
    {"r2", "region_names equal_parts multipart_etag_not_md5 storage_class_ignored"},
    {"gcs",
     "no_region_check no_part_copy accept_encoding_changed no_unknown_query "
     "multipart_etag_not_md5"},
    {"oss", "no_region_check virtual_only upper_etag multipart_etag_not_md5 no_aws_chunked"},
    {"minio", "region_in_words list_next_marker_always"},
};
constexpr std::string_view kAws = "aws-";

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view word : split(text, ' ')) out.emplace_back(word);
  return out;
}

}  // namespace

std::optional<std::vector<std::string>> rules_of_service(std::string_view name) {
  if (name.starts_with(kAws) && name.size() > kAws.size())
    return std::vector<std::string>{"region=" + std::string(name.substr(kAws.size())),
                                    "regional_hosts"};
  for (const Row& row : kRows)
    if (row.name == name) return words(row.rules);
  return std::nullopt;
}

std::string describe_services() {
  std::string out;
  for (const Row& row : kRows)
    out.append("  ").append(row.name).append(8 - row.name.size(), ' ').append(row.rules) += '\n';
  return out + "  aws-REGION  region=REGION regional_hosts\n";
}

}  // namespace s3d
