// SPDX-License-Identifier: Apache-2.0
#include "google_headers.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "pailfs/util/text.h"

#include "payload.h"

namespace pailfs::s3 {
namespace {

constexpr std::string_view kOurs = "x-amz-";
constexpr std::string_view kTheirs = "x-goog-";
constexpr std::string_view kHash = "x-goog-hash";
constexpr std::string_view kCrc = "crc32c=";
constexpr std::string_view kMetadata = "meta-";
/// What follows x-amz- or x-goog- alike.
constexpr std::array<std::string_view, 6> kCommon{"acl",
                                                  "storage-class",
                                                  "copy-source",
                                                  "copy-source-if-match",
                                                  "metadata-directive",
                                                  "copy-source-range"};

bool is_common(std::string_view rest) {
  return rest.starts_with(kMetadata) ||
         std::find(kCommon.begin(), kCommon.end(), rest) != kCommon.end();
}

bool is_foreign(std::string_view name) {
  return name == "x-amz-sdk-checksum-algorithm" || name == "x-amz-checksum-algorithm" ||
         name == "x-amz-request-payer";
}

/// The CRC-32C in "crc32c=n03x6A==,md5=...", nothing if there is none.
std::string crc_in(std::string_view value) {
  for (const std::string& one : split(value, ',')) {
    const std::string_view text = trim(one);
    if (text.starts_with(kCrc)) return std::string(text.substr(kCrc.size()));
  }
  return {};
}

}  // namespace

void speak_google(http::Request& request) {
  http::Headers spoken;
  const bool writes = request.method == http::Method::put || request.method == http::Method::post;
  for (const http::Header& header : request.headers.all()) {
    const std::string name = to_lower(header.name);
    if (is_foreign(name)) continue;
    if (name == kChecksumHeader) {
      spoken.add(std::string(kHash), std::string(kCrc) + header.value);
    } else if (writes && name == "if-none-match" && header.value == "*") {
      spoken.add("x-goog-if-generation-match", "0");
    } else if (name.starts_with(kOurs) && is_common(name.substr(kOurs.size()))) {
      spoken.add(std::string(kTheirs) + name.substr(kOurs.size()), header.value);
    } else {
      spoken.add(header.name, header.value);
    }
  }
  request.headers = std::move(spoken);
}

void hear_google(http::Headers& headers) {
  http::Headers heard;
  for (const http::Header& header : headers.all()) {
    const std::string name = to_lower(header.name);
    if (name == kHash) {
      if (std::string crc = crc_in(header.value); !crc.empty())
        heard.add(std::string(kChecksumHeader), std::move(crc));
    } else if (name == "x-guploader-uploadid") {
      heard.add("x-amz-request-id", header.value);
    } else if (name.starts_with(kTheirs) && is_common(name.substr(kTheirs.size()))) {
      heard.add(std::string(kOurs) + name.substr(kTheirs.size()), header.value);
    } else {
      heard.add(header.name, header.value);
    }
  }
  headers = std::move(heard);
}

}  // namespace pailfs::s3
