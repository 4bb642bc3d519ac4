// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "pailfs/s3/object_store.h"

namespace pailfs::journal {

/// The connection of one life to the bucket: may lose requests and replies, and ends with it.
class Line final : public s3::ObjectStore {
 public:
  explicit Line(s3::ObjectStore& bucket) : bucket_(bucket) {}

  bool cut = false;
  /// Of the next change: whether it arrives, and its reply.
  bool arrives = true;
  bool answered = true;
  /// A change is under way, and has arrived if it ever will.
  std::function<void()> under_way;

  Result<s3::ObjectInfo> head(const s3::Key& key) override {
    if (cut) return lost();
    return bucket_.head(key);
  }
  Result<s3::ObjectInfo> get(const s3::GetRequest& request, s3::ByteSink& sink) override {
    if (cut) return lost();
    return bucket_.get(request, sink);
  }
  Result<s3::ListPage> list(const s3::ListRequest& request) override {
    if (cut) return lost();
    return bucket_.list(request);
  }
  Result<s3::ETag> put(const s3::PutRequest& request, s3::ByteSource& body) override {
    return change<Result<s3::ETag>>([&] { return bucket_.put(request, body); });
  }
  Result<s3::ETag> copy(const s3::CopyRequest& request) override {
    return change<Result<s3::ETag>>([&] { return bucket_.copy(request); });
  }
  Status remove(const s3::Key& key) override {
    return change<Status>([&] { return bucket_.remove(key); });
  }
  std::vector<Status> remove_many(const std::vector<s3::Key>& keys) override {
    const Status status = change<Status>([&] {
      bucket_.remove_many(keys);
      return Status();
    });
    return std::vector<Status>(keys.size(), status);
  }
  // Uploads in parts are played as one event, which always succeeds.
  Result<s3::UploadId> create_upload(const s3::Key& key, const s3::ObjectAttributes& attributes,
                                     s3::PartOrigin parts) override {
    if (cut) return lost();
    return bucket_.create_upload(key, attributes, parts);
  }
  Result<s3::ETag> upload_part(const s3::Key& key, const s3::UploadId& id, int number,
                               s3::ByteSource& body) override {
    if (cut) return lost();
    return bucket_.upload_part(key, id, number, body);
  }
  Result<s3::ETag> copy_part(const s3::Key&, const s3::UploadId&, int, const s3::Key&,
                             const s3::ETag&, s3::ByteRange) override {
    return lost();
  }
  Result<s3::ETag> complete_upload(const s3::Key& key, const s3::UploadId& id,
                                   const std::vector<s3::UploadedPart>& parts) override {
    if (cut) return lost();
    return bucket_.complete_upload(key, id, parts);
  }
  Status abort_upload(const s3::Key&, const s3::UploadId&) override { return lost(); }
  Result<std::vector<s3::UploadedPart>> list_parts(const s3::Key&, const s3::UploadId&) override {
    return lost();
  }
  Result<s3::UploadPage> list_uploads(const std::string&, const s3::UploadPage&) override {
    return lost();
  }

 private:
  static Error lost() { return {EIO, "the line is cut"}; }
  template <class T>
  T change(const std::function<T()>& perform) {
    if (cut) return lost();
    const bool reply = answered;
    T outcome = arrives ? perform() : T(lost());
    if (const auto now = std::exchange(under_way, {})) now();
    if (cut || !reply) return lost();
    return outcome;
  }

  s3::ObjectStore& bucket_;
};

}  // namespace pailfs::journal
