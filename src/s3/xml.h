// SPDX-License-Identifier: Apache-2.0
// S3's XML replies as values. Every function checks that the document is whole, that its root is
// the expected one and that the required elements are there; anything else is an EIO error, never
// an empty answer. A reply that carries the upload id or ETag may have any root but <Error>: rclone
// answers <InitiateMultipartUpload>, S3Proxy a part copy with <CopyObjectResult>.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/s3/store_words.h"

namespace pailfs::s3 {

inline constexpr std::size_t kMaxListBytes = std::size_t{16} << 20U;
inline constexpr std::size_t kMaxErrorBytes = std::size_t{1} << 20U;
/// Far beyond every service's limit, and small enough to calculate with.
inline constexpr std::uint64_t kMaxObjectSize = std::uint64_t{1} << 62U;

struct ErrorReply {
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;
  std::string endpoint;
};
/// Nothing when the bytes are not an S3 error document.
std::optional<ErrorReply> parse_error(std::string_view body);

/// One page of a listing, names decoded whether or not the service encoded them.
struct ListReply {
  std::vector<ListedObject> objects;
  std::vector<std::string> prefixes;
  std::string bucket;  ///< empty: not named
  bool truncated = false;
  std::string next_marker;                ///< version 1
  std::string next_token;                 ///< version 2; never decoded
  std::optional<std::string> prefix;      ///< as echoed, decoded
  std::optional<std::string> raw_prefix;  ///< as echoed, bytes as they came
  std::optional<std::string> delimiter;   ///< as echoed, decoded
};
Result<ListReply> parse_list(std::string_view body);

/// The result for one key of a batch.
struct DeletedKey {
  Key key;
  std::string code;  ///< empty: deleted
  std::string message;
};
Result<std::vector<DeletedKey>> parse_delete(std::string_view body);

/// The ETag of a copied object or part. Empty when the reply names none (rclone's of a copy onto
/// itself): then another request has to show it.
Result<ETag> parse_copy(std::string_view body);
Result<UploadId> parse_create_upload(std::string_view body);
/// Empty when the reply names the object, but not its version (Ceph 16).
Result<ETag> parse_complete_upload(std::string_view body);

struct PartsReply {
  std::vector<UploadedPart> parts;
  bool truncated = false;
  std::string next_marker;
};
Result<PartsReply> parse_parts(std::string_view body);

struct UploadsReply {
  UploadPage page;
  bool truncated = false;
};
Result<UploadsReply> parse_uploads(std::string_view body);

/// One spelling for an ETag: W/ dropped, in double quotes; empty stays empty.
ETag normal_etag(std::string_view text);

}  // namespace pailfs::s3
