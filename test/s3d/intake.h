// SPDX-License-Identifier: Apache-2.0
/// Judging a request: first by its head alone, then by its body while that comes in.
#pragma once
#include <optional>

#include "http_connection.h"
#include "service.h"

namespace s3d {

/// Bucket and key by Host (virtual-hosted style) or path; nullopt when the path cannot be decoded.
std::optional<Address> find_address(const RequestHead& head, const Service& service,
                                    std::string& virtual_bucket);

/// The first of check_head()'s checks: what the rules that imitate a service refuse.
std::optional<S3Error> check_service(const Call& call, const std::string& virtual_bucket);

/// What the service refuses of this operation, its headers or its key, beyond what S3 does.
std::optional<S3Error> check_manners(const Call& call);
/// The headers without those that the service ignores; nothing: it ignores none.
std::optional<Headers> heard_headers(const Call& call);

/// Signature, permissions, rules, limits, existence of the bucket: all that needs no body. Fills in
/// call.identity and call.bucket.
std::optional<S3Error> check_head(Call& call, const std::string& virtual_bucket);

enum class IntakeResult {
  kDone,
  kRefused,         ///< `error` says why; the body has been consumed
  kRefusedInside,   ///< the same, but the rest of the body is unreadable: close after the reply
  kConnectionLost,  ///< no reply can be delivered
};

/// Reads the body into call.body and verifies lengths, hashes and chunk signatures.
IntakeResult read_body(Call& call, HttpConnection& connection, Pace& pace, S3Error& error);

}  // namespace s3d
