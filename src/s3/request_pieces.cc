// SPDX-License-Identifier: Apache-2.0
#include "request_pieces.h"

#include <algorithm>

#include "pailfs/util/text.h"

#include "payload.h"
#include "sse.h"

namespace pailfs::s3 {
namespace {

Status add_checked(http::Request& request, const std::string& name, const std::string& value) {
  if (!is_header_name(name))
    return Error{EINVAL, "\"" + printable(name, 100) + "\" cannot be the name of a header"};
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return Error{EINVAL, "the value of header " + name + " has a line end or NUL in it"};
  request.headers.add(name, value);
  return {};
}

}  // namespace

bool is_header_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

Status check_key(const Key& key) {
  if (key.empty()) return Error{EINVAL, "an object key cannot be empty"};
  const std::size_t longest = store::Limits().longest_key;
  if (key.size() > longest)
    return Error{ENAMETOOLONG, "object key of " + std::to_string(key.size()) +
                                   " bytes; S3 allows " + std::to_string(longest) + ": " +
                                   printable(key, 100)};
  if (key.find('\0') != Key::npos) return Error{EINVAL, "an object key cannot contain NUL"};
  return {};
}

Built start_request(const Site& site, http::Method method, std::string url) {
  Built built;
  built.request.method = method;
  built.request.url = std::move(url);
  built.request.stall_limit = site.stall_limit;
  if (site.requester_pays) built.request.headers.add("x-amz-request-payer", "requester");
  return built;
}

std::string range_text(ByteRange range) {
  return "bytes=" + std::to_string(range.begin) + "-" +
         std::to_string(range.begin + range.length - 1);
}

Status add_attributes(http::Request& request, const ObjectAttributes& attributes) {
  if (!attributes.content_type.empty()) {
    if (Status added = add_checked(request, "Content-Type", attributes.content_type); !added)
      return added;
  }
  for (const auto& [name, value] : attributes.metadata) {
    if (Status added = add_checked(request, "x-amz-meta-" + name, value); !added) return added;
  }
  for (const auto& [name, value] : attributes.standard) {
    if (Status added = add_checked(request, name, value); !added) return added;
  }
  return {};
}

void add_creation_headers(http::Request& request, const Site& site, const Key& key) {
  if (!site.acl.empty()) request.headers.add("x-amz-acl", site.acl);
  if (!site.storage_class.empty()) request.headers.add("x-amz-storage-class", site.storage_class);
  add_encryption_headers(request.headers, site.encryption);
  if (site.extra_headers) site.extra_headers->apply(key, request.headers);
}

void add_condition(http::Headers& headers, const Site& site, const Condition& condition) {
  if (!condition.version.empty()) headers.add("If-Match", condition.version.value);
  if (condition.absent)
    headers.add(std::string(site.absence.name), std::string(site.absence.value));
}

void add_sums(http::Headers& headers, const BodySums& sums) {
  if (!sums.md5.empty()) headers.add("Content-MD5", sums.md5);
  if (sums.crc32c.empty()) return;
  headers.add(std::string(kChecksumHeader), sums.crc32c);
  // Ceph 20 compares only if it is told once more.
  headers.add("x-amz-sdk-checksum-algorithm", std::string(kChecksumAlgorithm));
}

void allow_long_silence(http::Request& request, const Site& site) {
  request.stall_limit = site.work_limit;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20)
          out += c;
        else
          out += "&#x" + hex(std::string_view(&c, 1)) + ";";
      }
    }
  }
  return out;
}

bool xml_can_hold(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') return false;
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return false;
    unsigned code = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0U) != 0x80) return false;
      code = (code << 6U) | (next & 0x3fU);
    }
    const unsigned smallest = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < smallest || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff)
      return false;
    at += length;
  }
  return true;
}

}  // namespace pailfs::s3
