// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "pailfs/store/object_store.h"

namespace pailfs::journal {

/// The connection of one life to the bucket: may lose requests and replies, and ends with it.
class Line final : public store::ObjectStore {
 public:
  explicit Line(store::ObjectStore& bucket) : bucket_(bucket) {}

  bool cut = false;
  /// Of the next change: whether it arrives, and its reply.
  bool arrives = true;
  bool answered = true;
  /// A change is under way, and has arrived if it ever will.
  std::function<void()> under_way;

  Result<store::ObjectInfo> head(const store::Key& key) override {
    if (cut) return lost();
    return bucket_.head(key);
  }
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override {
    if (cut) return lost();
    return bucket_.get(request, sink);
  }
  Result<store::ListPage> list(const store::ListRequest& request) override {
    if (cut) return lost();
    return bucket_.list(request);
  }
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override {
    return change<Result<store::ETag>>([&] { return bucket_.put(request, body); });
  }
  Result<store::ETag> copy(const store::CopyRequest& request) override {
    return change<Result<store::ETag>>([&] { return bucket_.copy(request); });
  }
  Status remove(const store::Removal& removal) override {
    return change<Status>([&] { return bucket_.remove(removal); });
  }
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override {
    const Status status = change<Status>([&] {
      bucket_.remove_many(removals);
      return Status();
    });
    return std::vector<Status>(removals.size(), status);
  }
  // Uploads in parts are played as one event, which always succeeds.
  Result<store::UploadId> create_upload(const store::Key& key,
                                        const store::ObjectAttributes& attributes,
                                        store::PartOrigin parts) override {
    if (cut) return lost();
    return bucket_.create_upload(key, attributes, parts);
  }
  Result<store::ETag> upload_part(const store::Key& key, const store::UploadId& id, int number,
                                  ByteSource& body) override {
    if (cut) return lost();
    return bucket_.upload_part(key, id, number, body);
  }
  Result<store::ETag> copy_part(const store::Key&, const store::UploadId&, int, const store::Key&,
                                const store::ETag&, store::ByteRange) override {
    return lost();
  }
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override {
    if (cut) return lost();
    return bucket_.complete_upload(key, id, parts, condition);
  }
  Status abort_upload(const store::Key&, const store::UploadId&) override { return lost(); }
  Result<std::vector<store::UploadedPart>> list_parts(const store::Key&,
                                                      const store::UploadId&) override {
    return lost();
  }
  Result<store::UploadPage> list_uploads(const std::string&, const store::UploadPage&) override {
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

  store::ObjectStore& bucket_;
};

}  // namespace pailfs::journal
