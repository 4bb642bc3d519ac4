// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pailfs/store/forwarding_store.h"

namespace pailfs::fs {

/// The ending of Hadoop's and S3Fox's key of a directory's object: `a_$folder$` for `a/`.
inline constexpr std::string_view kFolderEnding = "_$folder$";
/// Whether such an object would stand for a directory; `key` may also be a path or a name.
bool is_folder_key(std::string_view key);

/// The store with old forms of directories shown in today's (compat_dir, as s3fs has it): an object
/// `a_$folder$` is `a/` where there is no such object, and an object `a` without bytes and without
/// attributes of ours is hidden when names lie below `a/`. An object stored as `a/` replaces
/// `a_$folder$`, and removing the one removes both. Keys of the old form itself are never seen, and
/// none can be made (EINVAL).
///
/// It costs a request more for each directory without an object `a/`, and for each change of one.
/// Any thread; keeps nothing. `store` must outlive it.
class CompatDirectories final : public store::ForwardingStore {
 public:
  explicit CompatDirectories(store::ObjectStore& store) : ForwardingStore(store) {}

  /// Call it when the directory `a/` was removed and nothing lies below it: removes the object `a`,
  /// which was hidden and would now show as a file, unless its Content-Type says that it is one.
  Status remove_remains(const store::Key& directory);

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
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
  Status settle(const store::Key& key) override;

 private:
  Result<bool> has_names_below(const store::Key& key);
  Result<store::ETag> replaced(const store::Key& key, Result<store::ETag> stored);
  Status show_folders(const store::ListRequest& request, store::ListPage& page);
  Status show_own_folder(const store::ListRequest& request, store::ListPage& page);
};

}  // namespace pailfs::fs
