// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/store/object_store.h"

namespace pailfs::store {

/// An ObjectStore that hands every call to `store_`, which must outlive it. A store between two
/// layers derives from it and overrides the calls that it changes. Adds no state and no lock.
class ForwardingStore : public ObjectStore {
 public:
  Result<ObjectInfo> head(const Key& key) override { return store_.head(key); }
  Result<ObjectInfo> get(const GetRequest& request, ByteSink& sink) override {
    return store_.get(request, sink);
  }
  Result<ETag> put(const PutRequest& request, ByteSource& body) override {
    return store_.put(request, body);
  }
  Status remove(const Removal& removal) override { return store_.remove(removal); }
  std::vector<Status> remove_many(const std::vector<Removal>& removals) override {
    return store_.remove_many(removals);
  }
  Result<ListPage> list(const ListRequest& request) override { return store_.list(request); }
  Result<ETag> copy(const CopyRequest& request) override { return store_.copy(request); }

  Result<UploadId> create_upload(const Key& key, const ObjectAttributes& attributes,
                                 PartOrigin origin) override {
    return store_.create_upload(key, attributes, origin);
  }
  Result<ETag> upload_part(const Key& key, const UploadId& id, int number,
                           ByteSource& body) override {
    return store_.upload_part(key, id, number, body);
  }
  Result<ETag> copy_part(const Key& key, const UploadId& id, int number, const Key& source,
                         const ETag& source_if_match, ByteRange range) override {
    return store_.copy_part(key, id, number, source, source_if_match, range);
  }
  Result<ETag> complete_upload(const Key& key, const UploadId& id,
                               const std::vector<UploadedPart>& parts,
                               const Condition& condition) override {
    return store_.complete_upload(key, id, parts, condition);
  }
  Status abort_upload(const Key& key, const UploadId& id) override {
    return store_.abort_upload(key, id);
  }
  Result<std::vector<UploadedPart>> list_parts(const Key& key, const UploadId& id) override {
    return store_.list_parts(key, id);
  }
  Result<UploadPage> list_uploads(const std::string& prefix, const UploadPage& after) override {
    return store_.list_uploads(prefix, after);
  }

  [[nodiscard]] Limits limits() const override { return store_.limits(); }
  [[nodiscard]] bool copies_parts() const override { return store_.copies_parts(); }
  [[nodiscard]] Obedience obedience() const override { return store_.obedience(); }
  Status settle_below(const std::string& prefix) override { return store_.settle_below(prefix); }
  Status settle(const Key& key) override { return store_.settle(key); }
  void refresh(const std::string& prefix) override { store_.refresh(prefix); }

 protected:
  explicit ForwardingStore(ObjectStore& store) : store_(store) {}
  ObjectStore& store_;
};

}  // namespace pailfs::store
