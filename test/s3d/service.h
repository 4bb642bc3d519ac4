// SPDX-License-Identifier: Apache-2.0
/// What one running server consists of (Service), one request on its way through it (Call), and the
/// reply-building functions that all operations share.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth.h"
#include "blocks.h"
#include "body.h"
#include "clock.h"
#include "errors.h"
#include "faults.h"
#include "http_message.h"
#include "multipart.h"
#include "operation.h"
#include "rules.h"
#include "stats.h"
#include "store.h"
#include "throttle.h"
#include "tokens.h"

namespace s3d {

/// Thread-safe throughout; lives as long as the server.
struct Service {
  Store store;
  std::shared_ptr<Blocks> blocks = std::make_shared<Blocks>();
  Uploads uploads;
  Rules rules;
  FaultTable faults;
  Stats stats;
  RequestLog log;
  Clock clock;
  SigningKeys keys;
  Tokens tokens;
  std::atomic<std::int64_t> latency_ms{0};
  Pacer::Rate connection_rate{0};
  Pacer::Rate total_rate{0};
  Pacer total_pacer{total_rate};
  std::vector<std::string> domains;  ///< fixed at start
  std::atomic<std::uint64_t> next_request{1};
  std::atomic<std::uint64_t> puts{0};  ///< counted under put_500_applied

  std::shared_ptr<const Credentials> credentials() const;
  void set_credentials(Credentials credentials);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_ = std::make_shared<const Credentials>();
};

/// Hashes of a request body, computed while it came in.
struct BodyDigests {
  std::string md5_raw;  ///< 16 bytes, for PutObject and UploadPart
  Headers checksums;    ///< x-amz-checksum-*: verified values, base64
};

struct Call {
  Service& service;
  const RequestHead& head;
  Address address;
  Op op = Op::kMethodNotAllowed;
  Identity identity;
  FaultPlan plan;
  std::string request_id;
  BucketPtr bucket;  ///< set for all operations inside an existing bucket
  Body body;
  BodyDigests digests;
  std::function<WriteOutcome()> late;  ///< what late_apply has put off
  std::shared_ptr<const Manners> manners = service.rules.manners();
  std::optional<Headers> heard =
      {};  ///< the headers but those that the service ignores, if it does any

  bool rule(Rule which) const { return service.rules.on(which); }
  std::string_view header(std::string_view name) const { return head.headers.get(name); }
  /// What conditions are judged by.
  const Headers& heeded() const { return heard ? *heard : head.headers; }
  /// Runs a mutation now, later or never, as the fault plan says; "never" looks like success.
  WriteOutcome commit(std::function<WriteOutcome()> mutation);
};

Reply error_reply(const Call& call, S3Error error);
Reply xml_reply(std::string document);
/// Refusal for a WriteOutcome other than kDone.
Reply outcome_reply(const Call& call, WriteOutcome outcome);
std::string quoted(std::string_view etag);
/// A refusal for an upload that does not exist.
S3Error no_such_upload(const Call& call);
/// The error code of an object that is not there.
std::string missing_code(const Call& call);
void add_etag(const Rules& rules, Reply& reply, std::string_view etag);
/// The ETag a new object gets: its MD5, or noise under the rule etag_not_md5, with SSE-KMS and
/// SSE-C.
std::string choose_etag(const Call& call, std::string_view md5_hex, const Object& object);
/// The refusal of a request whose SSE-C headers are not right for storing; nothing: they are.
std::optional<S3Error> judge_encryption(const Call& call);
/// If-Match and If-None-Match of a write, none under the rule no_conditional.
WriteCondition write_condition(const Call& call);

/// Dispatches to the operation; everything that can be checked before the body has been.
Reply run_operation(Call& call);

Reply list_buckets(Call& call);
Reply create_bucket(Call& call);
Reply head_bucket(Call& call);
Reply delete_bucket(Call& call);
Reply get_bucket_location(Call& call);
Reply list_objects_v1(Call& call);
Reply list_objects_v2(Call& call);
Reply get_object(Call& call);  ///< and HeadObject
Reply put_object(Call& call);
Reply copy_object(Call& call);
Reply delete_object(Call& call);
Reply delete_objects(Call& call);
Reply create_multipart_upload(Call& call);
Reply upload_part(Call& call);
Reply upload_part_copy(Call& call);
Reply complete_multipart_upload(Call& call);
Reply abort_multipart_upload(Call& call);
Reply list_parts(Call& call);
Reply list_multipart_uploads(Call& call);

/// Headers of the request that become part of the object: Content-Type and friends, metadata,
/// class, acl, SSE.
void take_object_headers(const Headers& headers, const Rules& rules, Object& object);
/// The same on the way out.
void add_object_headers(const Rules& rules, const Object& object, Reply& reply);

}  // namespace s3d
