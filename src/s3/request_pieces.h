// SPDX-License-Identifier: Apache-2.0
// Pieces that the request builders share.
#pragma once

#include <string>
#include <string_view>

#include "built_request.h"
#include "site.h"

namespace pailfs::s3 {

/// ENAMETOOLONG above what store::Limits says, EINVAL for an empty key or one with NUL.
Status check_key(const Key& key);

/// A request with the headers and limits that every request to this site has.
Built start_request(const Site& site, http::Method method, std::string url);
/// "bytes=0-9"
std::string range_text(ByteRange range);
/// Content type, metadata and standard headers, checked.
Status add_attributes(http::Request& request, const ObjectAttributes& attributes);
/// Access rule, storage class, encryption and the headers of ahbe_conf, for requests that create an
/// object. Call it last: headers of ahbe_conf replace those that are there.
void add_creation_headers(http::Request& request, const Site& site, const Key& key);
void add_condition(http::Headers& headers, const Site& site, const Condition& condition);
/// The checksums that vouch for the body.
void add_sums(http::Headers& headers, const BodySums& sums);
/// True for the characters that a header name may have (RFC 9110 5.6.2).
bool is_header_name(std::string_view name);
/// For copy and complete: the service may be busy for long before it answers.
void allow_long_silence(http::Request& request, const Site& site);
/// Text as content of an XML element; control characters as references.
std::string xml_escape(std::string_view text);
/// False for bytes that XML 1.0 cannot express, not even as references, or that are not UTF-8.
bool xml_can_hold(std::string_view text);

}  // namespace pailfs::s3
