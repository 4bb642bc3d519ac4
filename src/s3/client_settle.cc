// SPDX-License-Identifier: Apache-2.0
// Finds out by a look at the object whether a change was made when its reply was lost or proves
// nothing. The refusal of a later attempt says nothing about an earlier one.
#include <algorithm>
#include <utility>

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "reply_headers.h"
#include "service_client.h"

namespace pailfs::s3 {
namespace {

/// The metadata of files and directories hold the time of the change, to the nanosecond, so no
/// other version has the same.
bool has_metadata(const ObjectInfo& now, const ObjectAttributes& wanted) {
  const auto& found = now.attributes.metadata;
  return std::all_of(wanted.metadata.begin(), wanted.metadata.end(), [&](const auto& field) {
    return std::find(found.begin(), found.end(), field) != found.end();
  });
}

}  // namespace

bool may_settle(const Outcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  // A service that does not answer would not answer a further question either.
  return !verdict.ok && verdict.error.in_doubt && verdict.failure == http::Failure::none &&
         verdict.error.http_status < 500;
}

/// True when the object has the bytes and the metadata of this PUT. The MD5 alone proves nothing:
/// all empty objects have the same.
bool ServiceClient::is_stored(const PutRequest& request, ByteSource& body, const ObjectInfo& now) {
  if (now.size != body.size()) return false;
  // Some services keep no metadata with an object "d/".
  const bool nameless = request.key.ends_with('/') && now.attributes.metadata.empty();
  if (!nameless && !has_metadata(now, request.attributes)) return false;
  const Result<std::string> md5 = digest(Digest::md5, body);
  return md5 && md5_of(now.etag) == *md5;
}

Result<ETag> ServiceClient::settle_put(const PutRequest& request, ByteSource& body,
                                       const Outcome& outcome) {
  const Result<ObjectInfo> now = head(request.key);
  if (!now || !is_stored(request, body, *now)) return outcome.verdict.error;
  keys_.stored(request.key);
  return now->etag;
}

bool ServiceClient::is_copied(const CopyRequest& request, const ObjectInfo& now) {
  if (now.etag.empty()) return false;
  const bool same_etag = now.etag == normal_etag(request.source_if_match.value);
  if (request.attributes && !has_metadata(now, *request.attributes)) return false;
  const bool tells = request.attributes && !request.attributes->metadata.empty();
  if (tells && request.size) return now.size == *request.size;
  if (request.source == request.destination) return request.attributes && same_etag;
  const auto source = head(request.source);
  return source && source->size == now.size && source->etag == now.etag &&
         (request.attributes || source->attributes == now.attributes);
}

Result<ETag> ServiceClient::settle_copy(const CopyRequest& request, const Outcome& outcome) {
  Result<ObjectInfo> now = head(request.destination);
  if (now && is_copied(request, *now)) return std::move(now->etag);
  return outcome.verdict.error;
}

Status ServiceClient::check_copied_version(const CopyRequest& request, const ETag& copied) {
  const ETag meant = normal_etag(request.source_if_match.value);
  // Only the MD5 of an object sent in one request stays the same when it is copied.
  if (!request.size || copied == meant || !md5_of(meant) || !md5_of(copied)) return {};
  // It obeys, and with its keys for a bucket an ETag is no MD5 and another for each copy.
  if (requester_.is_amazon()) return {};
  const auto now = head(request.destination);
  if (!now || now->etag != copied || now->size == *request.size) return {};
  return Error{ESTALE, printable(request.source, 200) +
                           ": another version was copied, for the service does not obey "
                           "x-amz-copy-source-if-match"};
}

}  // namespace pailfs::s3
