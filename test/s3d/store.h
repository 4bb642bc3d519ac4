// SPDX-License-Identifier: Apache-2.0
/// Buckets and objects. Objects are immutable once stored and shared by pointer, so a GET under way
/// keeps the version it began with. Every operation is atomic and thread-safe; one lock for each
/// bucket, held for the time of a map operation. Each applied mutation is appended to the history
/// in the order of its effect.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "body.h"
#include "http_message.h"

namespace s3d {

class Disk;

/// The MD5 of a whole content, computed at most once and shared by copies. Thread-safe.
class ContentMd5 {
 public:
  ContentMd5() = default;
  explicit ContentMd5(std::string hex_digest) : hex_(std::move(hex_digest)) {}
  const std::string& get(const Body& body);
  std::string known();  ///< "" when not computed yet

 private:
  std::mutex mutex_;
  std::string hex_;
};

struct Object {
  Body body;
  std::string etag;  ///< without quotes
  std::time_t mtime = 0;
  std::int64_t created_ms = 0;
  Headers system;     ///< Content-Type, Cache-Control, … under the names of the reply
  Headers meta;       ///< x-amz-meta-*
  Headers checksums;  ///< x-amz-checksum-*
  std::string storage_class = "STANDARD";
  std::string encryption;        ///< x-amz-server-side-encryption
  std::string kms_key;           ///< x-amz-server-side-encryption-aws-kms-key-id
  std::string customer_key_md5;  ///< of SSE-C, as in the header; see sse.h
  std::string acl;
  std::vector<std::uint64_t> part_sizes;  ///< of a multipart upload
  std::shared_ptr<ContentMd5> md5 = std::make_shared<ContentMd5>();
};
using ObjectPtr = std::shared_ptr<const Object>;

struct Mutation {
  std::uint64_t n = 0;
  std::int64_t time_ms = 0;
  std::string op;
  std::string bucket;
  std::string key;
  std::string etag;
  std::uint64_t size = 0;
  std::weak_ptr<const Object> object;  ///< source of `md5` while that is empty
  std::string md5;                     ///< hex
};

/// What has changed, in order, since the server began. Thread-safe.
class History {
 public:
  void append(std::string_view op, const std::string& bucket, const std::string& key,
              const ObjectPtr& object, std::int64_t now_ms);
  /// A copy; missing MD5s are computed as long as the content still lives.
  std::vector<Mutation> all();

 private:
  std::mutex mutex_;
  std::vector<Mutation> mutations_;
};

struct Bucket {
  std::string name;
  std::time_t created = 0;
  std::atomic<bool> public_read{false};
  std::atomic<bool> public_write{false};
  mutable std::shared_mutex mutex;  ///< guards what follows
  std::map<std::string, ObjectPtr, std::less<>> objects;
  struct Ghost {
    ObjectPtr object;
    std::int64_t deleted_ms = 0;
  };
  std::map<std::string, Ghost> ghosts;  ///< deleted ones that delayed listings still show
  bool deleted = false;
};
using BucketPtr = std::shared_ptr<Bucket>;

/// If-Match / If-None-Match of a write.
struct WriteCondition {
  std::optional<std::string> if_match;  ///< as sent: quoted or bare ETag, or *
  std::optional<std::string> if_none_match;
  bool quotes_count = false;  ///< if_match is the bare ETag or does not match
};

/// Whether `header` (a list of quoted or bare ETags, or *) names `etag`.
bool etag_matches(std::string_view header, std::string_view etag);

enum class WriteOutcome { kDone, kNoSuchBucket, kNoSuchKey, kPreconditionFailed };

class Store {
 public:
  Store();
  ~Store();

  /// Keeps everything below `directory` from now on and loads what is there. False with a reason
  /// when the directory cannot be used. Before any other use.
  bool open_directory(const std::string& directory, std::string& reason);

  bool create_bucket(const std::string& name, std::time_t now);  ///< false: exists, or no name
  enum class DropOutcome { kDone, kNoSuchBucket, kNotEmpty };
  DropOutcome drop_bucket(const std::string& name);
  bool discard_bucket(const std::string& name);  ///< whatever it holds; false: no such bucket
  BucketPtr bucket(std::string_view name) const;
  std::vector<BucketPtr> buckets() const;

  ObjectPtr get(const Bucket& bucket, std::string_view key) const;
  WriteOutcome put(Bucket& bucket, const std::string& key, ObjectPtr object, std::string_view op,
                   const WriteCondition& condition = {});
  /// kDone also when there was nothing to remove and no condition. `keep_ghost`: for delayed
  /// listings.
  WriteOutcome remove(Bucket& bucket, const std::string& key, std::string_view op,
                      std::int64_t now_ms, bool keep_ghost, const WriteCondition& condition = {});
  std::uint64_t object_count() const;
  History& history() { return history_; }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, BucketPtr, std::less<>> buckets_;
  History history_;
  std::unique_ptr<Disk> disk_;
};

}  // namespace s3d
