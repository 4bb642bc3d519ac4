// SPDX-License-Identifier: Apache-2.0
#include "reply_headers.h"

#include <algorithm>
#include <array>

#include "pailfs/util/text.h"

#include "xml.h"

namespace pailfs::s3 {
namespace {

constexpr std::string_view kMetaPrefix = "x-amz-meta-";
constexpr std::array<std::string_view, 5> kStandard{
    "cache-control", "content-disposition", "content-encoding", "content-language", "expires"};

}  // namespace

std::string header_text(const http::Headers& headers, std::string_view name) {
  return std::string(trim(headers.find(name).value_or("")));
}

std::optional<std::uint64_t> content_length(const http::Headers& headers) {
  std::optional<std::uint64_t> length;
  for (const http::Header& header : headers.all()) {
    if (equals_ignoring_case(header.name, "Transfer-Encoding")) return std::nullopt;
    if (!equals_ignoring_case(header.name, "Content-Length")) continue;
    const std::optional<std::uint64_t> value = parse_uint(trim(header.value));
    if (!value || *value > kMaxObjectSize || (length && *length != *value)) return std::nullopt;
    length = value;
  }
  return length;
}

std::optional<ContentRange> content_range(const http::Headers& headers) {
  std::string text = header_text(headers, "Content-Range");
  constexpr std::string_view kUnit = "bytes ";
  if (!equals_ignoring_case(text.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  text.erase(0, kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string::npos || slash == std::string::npos || slash < dash) return std::nullopt;
  const auto first = parse_uint(trim(text.substr(0, dash)));
  const auto last = parse_uint(trim(text.substr(dash + 1, slash - dash - 1)));
  const auto total = parse_uint(trim(text.substr(slash + 1)));
  if (!first || !last || !total || *last < *first || *last >= *total || *total > kMaxObjectSize)
    return std::nullopt;
  return ContentRange{*first, *last, *total};
}

ObjectInfo object_info(const http::Headers& headers, std::uint64_t size) {
  ObjectInfo info;
  info.size = size;
  info.etag = normal_etag(header_text(headers, "ETag"));
  info.last_modified = parse_http_date(header_text(headers, "Last-Modified")).value_or(WallTime{});
  for (const http::Header& header : headers.all()) {
    const std::string name = to_lower(header.name);
    if (name == "content-type")
      info.attributes.content_type = header.value;
    else if (name.starts_with(kMetaPrefix))
      info.attributes.metadata.emplace_back(name.substr(kMetaPrefix.size()), header.value);
    else if (std::find(kStandard.begin(), kStandard.end(), name) != kStandard.end())
      info.attributes.standard.emplace_back(header.name, header.value);
  }
  return info;
}

std::optional<std::chrono::seconds> retry_after(const http::Headers& headers, WallTime now) {
  const std::string text = header_text(headers, "Retry-After");
  if (text.empty()) return std::nullopt;
  if (const auto seconds = parse_uint(text))
    return std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86'400));
  const std::optional<WallTime> date = parse_http_date(text);
  if (!date || *date <= now) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(*date - now);
}

std::optional<std::string> md5_of(const ETag& etag) {
  const std::string text = normal_etag(etag.value).value;
  if (text.size() != 34) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 1; at < 33; at += 2) {
    const std::optional<std::uint64_t> byte = parse_uint(text.substr(at, 2), 16);
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

std::optional<std::string> told_md5(const ETag& etag, const http::Headers& headers) {
  if (headers.find("x-amz-server-side-encryption-customer-algorithm") ||
      header_text(headers, "x-amz-server-side-encryption").starts_with("aws:kms"))
    return std::nullopt;
  return md5_of(etag);
}

}  // namespace pailfs::s3
