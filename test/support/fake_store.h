// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "store_call.h"

namespace pailfs::test {

/// The limits of a bucket of the fake; the defaults are S3's.
struct StoreLimits {
  std::uint64_t min_part = 5U << 20U;  ///< of every part but the last
  std::uint64_t max_part = 5ULL << 30U;
  std::uint64_t max_put = 5ULL << 30U;
  std::uint64_t max_copy = 5ULL << 30U;
  std::size_t max_key = 1024;
  std::size_t max_metadata = 2048;  ///< names and values of user metadata together
  std::size_t page = 1000;          ///< most entries in one page of any listing
  /// The reply to a completion names another version than the object has later (gofakes3).
  bool misnames_completed = false;
  bool misnames_copied = false;  ///< likewise the reply to a copy
};

struct StoredObject {
  std::shared_ptr<const std::string> bytes;
  store::ETag etag;
  WallTime last_modified{};
  store::ObjectAttributes attributes;

  [[nodiscard]] const std::string& content() const { return *bytes; }
  /// Value of one x-amz-meta-* field, "" when there is none.
  [[nodiscard]] std::string meta(std::string_view name) const;
};

/// The ETag of an object that takes the place of another one.
enum class Replacement {
  hashed,          ///< its own MD5, as everywhere
  kept,            ///< that of the other one
  kept_unnoticed,  ///< likewise, though the reply to the change tells its MD5
};

/// One change of the bucket, in the order in which it took effect.
struct Mutation {
  Verb verb = Verb::put;
  store::Key key;
  store::ETag etag;      ///< of the object that is there now; empty after a removal
  bool foreign = false;  ///< made by put_raw or remove_raw
};

/// A bucket in memory that behaves as S3 does: MD5 ETags ("<md5 of md5s>-<parts>" for multipart,
/// plain again after a copy), Last-Modified in whole seconds of `clock`, metadata sorted by name,
/// "binary/octet-stream" where no type was given, byte-ordered listings with common prefixes and
/// pages, conditional reads, writes and copies, and the part rules of multipart uploads.
///
/// Errors carry the S3 code besides the errno, and ENOENT only for NoSuchKey: an upload that does
/// not exist is EIO with NoSuchUpload. Any thread may call anything; each call takes effect in one
/// instant, so that a reader sees one version or another. `clock` must outlive it.
class FakeStore final : public store::ObjectStore {
 public:
  explicit FakeStore(Clock& clock, StoreLimits limits = {});
  ~FakeStore() override;

  Result<store::ObjectInfo> head(const store::Key& key) override;
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override;
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override;
  Status remove(const store::Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override;
  Result<store::ListPage> list(const store::ListRequest& request) override;
  Result<store::ETag> copy(const store::CopyRequest& request) override;
  Result<store::UploadId> create_upload(const store::Key& key,
                                        const store::ObjectAttributes& attributes,
                                        store::PartOrigin origin) override;
  Result<store::ETag> upload_part(const store::Key& key, const store::UploadId& id, int number,
                                  ByteSource& body) override;
  Result<store::ETag> copy_part(const store::Key& key, const store::UploadId& id, int number,
                                const store::Key& source, const store::ETag& source_if_match,
                                store::ByteRange range) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
  Status abort_upload(const store::Key& key, const store::UploadId& id) override;
  Result<std::vector<store::UploadedPart>> list_parts(const store::Key& key,
                                                      const store::UploadId& id) override;
  Result<store::UploadPage> list_uploads(const std::string& prefix,
                                         const store::UploadPage& after) override;

  /// From now on, of what we write.
  void set_replacement(Replacement habit) EXCLUDES(mutex_);
  /// A writer that is not us: not counted as a request, no limit applies.
  store::ETag put_raw(const store::Key& key, std::string bytes,
                      store::ObjectAttributes attributes = {});
  /// False when there was no such object.
  bool remove_raw(const store::Key& key);

  /// Everything in the bucket; the bytes are shared, not copied.
  [[nodiscard]] std::map<store::Key, StoredObject> objects() const;
  [[nodiscard]] std::vector<store::Key> keys() const;
  /// Nothing when there is no such object.
  [[nodiscard]] std::optional<StoredObject> object(const store::Key& key) const;
  [[nodiscard]] std::size_t uploads_in_progress() const;

  [[nodiscard]] RequestCount count() const;
  void reset_count();
  /// Bytes that put and upload_part received / that get delivered, since the last reset_count().
  [[nodiscard]] std::uint64_t bytes_in() const;
  [[nodiscard]] std::uint64_t bytes_out() const;
  [[nodiscard]] std::vector<Mutation> history() const;
  /// Objects that were removed though Removal::seen was another version: after a lost reply such a
  /// removal would not have been sent again.
  [[nodiscard]] std::vector<store::Key> removed_unseen() const;

 private:
  using Bytes = std::shared_ptr<const std::string>;
  struct Part {
    Bytes bytes;
    store::ETag etag;
  };
  struct Upload {
    store::Key key;
    store::ObjectAttributes attributes;
    WallTime initiated{};
    std::map<int, Part> parts;
  };

  void note(Verb verb, int requests = 1) EXCLUDES(mutex_);
  void judge_seen(const store::Removal& removal) REQUIRES(mutex_);
  Status check_key(const store::Key& key) const;
  /// The object of that name, as a change finds it. Fails unless the condition holds.
  Status check_condition(const store::Key& key, const store::Condition& condition) const
      REQUIRES(mutex_);
  Status check_attributes(const store::ObjectAttributes& attributes) const;
  /// Returns the ETag that the reply tells.
  store::ETag store(const store::Key& key, StoredObject object, Verb verb, bool foreign)
      REQUIRES(mutex_);
  Result<StoredObject> find(const store::Key& key) const REQUIRES(mutex_);
  Result<StoredObject> find_version(const store::Key& key, const store::ETag& if_match) const
      REQUIRES(mutex_);
  Result<Upload*> find_upload(const store::Key& key, const store::UploadId& id) REQUIRES(mutex_);
  Result<std::string> read_body(ByteSource& body, std::uint64_t limit);
  [[nodiscard]] WallTime now() const;

  Clock& clock_;
  const StoreLimits limits_;
  // Bodies are read and callbacks are called while it is held.
  mutable Mutex mutex_{LockRank{350, "fake"}};
  std::map<store::Key, StoredObject> objects_ GUARDED_BY(mutex_);
  std::map<std::string, Upload> uploads_ GUARDED_BY(mutex_);  // by id
  std::vector<Mutation> history_ GUARDED_BY(mutex_);
  std::vector<store::Key> removed_unseen_ GUARDED_BY(mutex_);
  RequestCount count_ GUARDED_BY(mutex_);
  std::uint64_t bytes_in_ GUARDED_BY(mutex_) = 0;
  std::uint64_t bytes_out_ GUARDED_BY(mutex_) = 0;
  std::uint64_t next_upload_ GUARDED_BY(mutex_) = 1;
  Replacement replacement_ GUARDED_BY(mutex_) = Replacement::hashed;
};

/// A ByteSource over a string it owns.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;

 private:
  std::string bytes_;
};

/// Collects what a get delivers and notices if it does not come in order.
class StringSink final : public store::ByteSink {
 public:
  /// `begin`: where the requested range starts.
  explicit StringSink(std::uint64_t begin = 0) : begin_(begin) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] bool in_order() const { return in_order_; }

 private:
  std::uint64_t begin_;
  std::string bytes_;
  bool in_order_ = true;
};

}  // namespace pailfs::test
