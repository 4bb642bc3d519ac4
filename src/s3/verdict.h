// SPDX-License-Identifier: Apache-2.0
// The expectation of an attempt about its reply, and the verdict on that reply.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pailfs/http/transport.h"
#include "pailfs/s3/store_words.h"

#include "built_request.h"
#include "error_table.h"
#include "sse.h"
#include "xml.h"

namespace pailfs::s3 {

enum class Op {
  head,
  get,
  put,
  remove,
  remove_many,
  list,
  copy,
  create_upload,
  upload_part,
  copy_part,
  complete_upload,
  abort_upload,
  list_parts,
  list_uploads,
};
inline constexpr std::size_t kOpCount = 14;
std::string_view op_name(Op op);  ///< "HEAD", "LIST", "PUT part", ...

/// The request of one attempt, as far as its reply must answer it.
struct Expectation {
  Op op = Op::head;
  std::string key;                           ///< or prefix: for messages
  std::optional<ByteRange> range;            ///< get
  ETag pinned;                               ///< get: the version that must answer; empty: any
  std::optional<std::uint64_t> pinned_size;  ///< get: total size that version has
  bool if_absent = false;                    ///< put: a failed condition means EEXIST
  bool delimited = false;                    ///< list
  bool list_v2 = false;                      ///< list
  std::string start;                         ///< list: marker or token of this page
  std::string bucket;         ///< list: as the service calls it; empty: not known yet
  bool expects_etag = false;  ///< head, get: the service has told one with every object so far
  BodySums sums;              ///< put, part: checksums sent with the body
  EncryptionEcho echo;        ///< requests that store bytes: the encryption asked for
  std::string region;         ///< that the attempt was signed for
  WallTime sent_at{};         ///< time that the attempt was signed with
};

/// One page of a listing, and the marker or token of the next (empty: last page).
struct JudgedList {
  ListPage page;
  std::string next;
  bool next_is_token = false;     ///< also where version 1 was asked for
  std::string bucket;             ///< as the service calls it; may be empty
  std::size_t foreign_names = 0;  ///< outside the prefix: left out
};
/// A get's reply as its headers describe it: bytes [begin, begin + length) of info.size.
struct JudgedGet {
  ObjectInfo info;
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
};
using Reply = std::variant<std::monostate, ObjectInfo, JudgedGet, JudgedList, ETag, UploadId,
                           std::vector<DeletedKey>, PartsReply, UploadsReply>;

struct Verdict {
  bool ok = false;
  Reply reply;  ///< when ok
  Error error;  ///< when not
  Retry retry = Retry::never;
  bool at_once = false;          ///< the server has hardly seen the request: again, now, at no cost
  bool outcome_unknown = false;  ///< the service may have carried the request out
  bool earlier_unknown = false;  ///< ... when the transport sent it for the first time
  bool checksum_confirmed = false;  ///< the service replied with the checksum that we sent
  bool foreign = false;             ///< the reply is not from an S3 service, e.g. from a proxy
  http::Failure failure = http::Failure::none;
  std::string detail;        ///< of the failure, as the transport put it
  std::string content_type;  ///< of the reply
  std::string region;        ///< named by the service, checked; empty: none
  std::optional<WallTime> server_time;
  std::optional<std::chrono::seconds> retry_after;
};

}  // namespace pailfs::s3
