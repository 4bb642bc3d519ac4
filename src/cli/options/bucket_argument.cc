// SPDX-License-Identifier: Apache-2.0
#include "bucket_argument.h"

#include <algorithm>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string normalised_prefix(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? std::string() : std::string(path) + "/";
}

BucketArgument parse_bucket_argument(std::string_view text) {
  BucketArgument source;
  const std::string shown = printable(text);
  if (!drop_prefix(text, "s3fs#")) drop_prefix(text, "pailfs#");
  std::string_view bucket;
  std::string_view path;
  // arn:aws:s3:::BUCKET/PATH, arn:aws-cn:...
  if (const std::size_t name = text.find(":s3:::"); text.starts_with("arn:") && name != text.npos) {
    text.remove_prefix(name + 6);
    const std::size_t slash = std::min(text.find('/'), text.size());
    source.bucket = std::string(text.substr(0, slash));
    source.prefix = normalised_prefix(text.substr(slash));
    if (source.bucket.empty()) source.error = "BUCKET \"" + shown + "\" names no bucket";
    return source;
  }
  // s3:BUCKET/PATH: goofys' and others' spelling. s3:/PATH is a path in the bucket "s3".
  const bool short_address = text.starts_with("s3:") && text.size() > 3 && text[3] != '/';
  if (drop_prefix(text, short_address ? "s3:" : "s3://")) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    bucket = text.substr(0, slash);
    path = text.substr(slash);
  } else if (text.find("://") != std::string_view::npos) {
    source.error = "BUCKET \"" + shown +
                   "\" is an address: it must be bucket[:/path]; an address belongs into url=";
    return source;
  } else {
    const std::size_t colon = text.find(':');
    bucket = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      path = text.substr(colon + 1);
      if (path.empty() || path.front() != '/') {
        source.error = "BUCKET \"" + shown + "\": the path after ':' must begin with '/'" +
                       (path.empty() || bucket.empty()
                            ? std::string()
                            : ", as in " + printable(bucket) + ":/" + printable(path));
        return source;
      }
    }
  }
  if (bucket.starts_with('/') || bucket.starts_with("./")) {
    source.error = "BUCKET \"" + shown +
                   "\" is a path: the bucket comes first, as in pailfs BUCKET MOUNTPOINT";
    return source;
  }
  if (const std::size_t slash = bucket.find('/'); slash != std::string_view::npos) {
    source.error = "BUCKET \"" + shown + "\": a path in the bucket follows ':', as in " +
                   printable(bucket.substr(0, slash)) + ":" + printable(bucket.substr(slash));
    return source;
  }
  if (bucket.empty()) {
    source.error = "BUCKET \"" + shown + "\" names no bucket";
    return source;
  }
  source.bucket = std::string(bucket);
  source.prefix = normalised_prefix(path);
  return source;
}

}  // namespace pailfs::cli
