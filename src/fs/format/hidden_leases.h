// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/store/forwarding_store.h"

namespace pailfs::fs {

/// The store without the lease objects of locks=bucket: they are not listed, absent for every
/// question, and nothing can be made among them (EPERM). A directory of that name deeper in the
/// mount is one like any other. Any thread.
class HiddenLeases final : public store::ForwardingStore {
 public:
  /// `directory`: the key that all of them begin with, which ends in a slash.
  HiddenLeases(store::ObjectStore& store, std::string directory)
      : ForwardingStore(store), directory_(std::move(directory)) {}

  void strip(store::ListPage& page) const;

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

 private:
  /// Of one of them, or of the directory with or without its slash.
  [[nodiscard]] bool hides(const store::Key& key) const;

  const std::string directory_;
};

}  // namespace pailfs::fs
