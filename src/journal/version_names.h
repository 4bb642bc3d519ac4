// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/store/forwarding_store.h"
#include "pailfs/util/sync.h"

#include "want.h"

namespace pailfs::journal {

/// The client as the journal sees it, with one name for each version. Some services call a version
/// otherwise in the reply to the change that made it (gofakes3 in the reply to
/// CompleteMultipartUpload) than in the replies to HEAD, GET and LIST. Here it keeps the name that
/// the change's reply told; requests that name the version are sent with the other.
///
/// That a version has two names is found out when the store shows another name at the key, or
/// refuses the first one: the object is our version if it has the size and the attributes that we
/// sent. That costs one HEAD, only where the names differ, and one for each version of another
/// client of the same size in a listing. Bounded: of a forgotten version the store's name counts.
/// Any thread may call anything.
class VersionNames final : public store::ForwardingStore {
 public:
  explicit VersionNames(store::ObjectStore& store);

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
  Result<store::ETag> copy_part(const store::Key& key, const store::UploadId& id, int number,
                                const store::Key& source, const store::ETag& source_if_match,
                                store::ByteRange range) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
  Status abort_upload(const store::Key& key, const store::UploadId& id) override;

  /// The mark of a version of ours that the store has not shown by that name: with it a later mount
  /// can recognise the version.
  [[nodiscard]] std::optional<Mark> unshown(const store::Key& key, const store::ETag& version)
      EXCLUDES(mutex_);
  /// The reply to a change has named our version of `key` so: `mark.etag`, or `told`.
  void note(const store::Key& key, const store::ETag& told, const Mark& mark) EXCLUDES(mutex_);

 private:
  struct Version {
    store::ETag told;  ///< by the reply to the change
    Mark mark;
    store::ETag stored;  ///< by other replies; empty: none has shown it yet
  };
  void forget(const store::Key& key) EXCLUDES(mutex_);
  [[nodiscard]] store::ETag stored_name(const store::Key& key, const store::ETag& told)
      EXCLUDES(mutex_);
  /// The name here of the object that the store has shown.
  store::ETag shown(const store::Key& key, const store::ObjectInfo& found) EXCLUDES(mutex_);
  /// Likewise in a listing, which shows no attributes; nothing: the object must be looked at.
  std::optional<store::ETag> listed(const store::ListedObject& object) EXCLUDES(mutex_);
  /// Looks at the object. True if `version` has just been found to have another name.
  bool find_name(const store::Key& key, const store::ETag& version) EXCLUDES(mutex_);
  [[nodiscard]] store::Removal named(store::Removal removal) EXCLUDES(mutex_);
  [[nodiscard]] store::CopyRequest named(store::CopyRequest request) EXCLUDES(mutex_);
  bool found_other_names(const store::CopyRequest& request) EXCLUDES(mutex_);

  Mutex mutex_;
  cache::ExpiringLru<store::Key, Version> versions_ GUARDED_BY(mutex_);
  cache::ExpiringLru<std::string, std::uint64_t> uploads_ GUARDED_BY(mutex_);  // digests, by id
};

}  // namespace pailfs::journal
