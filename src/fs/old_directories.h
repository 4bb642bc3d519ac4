// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pailfs/s3/object_store.h"

namespace pailfs::fs {

/// How Hadoop and S3Fox end the key of a directory's object: `a_$folder$` for `a/`.
inline constexpr std::string_view kFolderEnding = "_$folder$";
/// Whether such an object would stand for a directory; `key` may also be a path or a name.
bool is_folder_key(std::string_view key);

/// The store with old forms of directories shown in today's (compat_dir, as s3fs has it): an object
/// `a_$folder$` is `a/` where there is no such object, and an object `a` without bytes and without
/// attributes of ours is nobody where names lie below `a/`. Whatever is stored as `a/` replaces
/// `a_$folder$`, and removing the one removes both. Keys of the old form itself are never seen, and
/// none can be made (EINVAL).
///
/// It costs a request more for each directory without an object `a/`, and for each change of one.
/// Any thread; keeps nothing. `store` must outlive it.
class OldDirectories final : public s3::ObjectStore {
 public:
  explicit OldDirectories(s3::ObjectStore& store) : store_(store) {}

  /// The directory `a/` is removed and nothing lies below it: neither may the object `a` stay,
  /// which was nobody and would now be a file; unless its type says that it is one.
  Status remove_remains(const s3::Key& directory);

  Result<s3::ObjectInfo> head(const s3::Key& key) override;
  Result<s3::ObjectInfo> get(const s3::GetRequest& request, s3::ByteSink& sink) override;
  Result<s3::ETag> put(const s3::PutRequest& request, s3::ByteSource& body) override;
  Status remove(const s3::Key& key) override;
  std::vector<Status> remove_many(const std::vector<s3::Key>& keys) override;
  Result<s3::ListPage> list(const s3::ListRequest& request) override;
  Result<s3::ETag> copy(const s3::CopyRequest& request) override;

  Result<s3::UploadId> create_upload(const s3::Key& key, const s3::ObjectAttributes& attributes,
                                     s3::PartOrigin origin) override;
  Result<s3::ETag> upload_part(const s3::Key& key, const s3::UploadId& id, int number,
                               s3::ByteSource& body) override;
  Result<s3::ETag> copy_part(const s3::Key& key, const s3::UploadId& id, int number,
                             const s3::Key& source, const s3::ETag& source_if_match,
                             s3::ByteRange range) override;
  Result<s3::ETag> complete_upload(const s3::Key& key, const s3::UploadId& id,
                                   const std::vector<s3::UploadedPart>& parts) override;
  Status abort_upload(const s3::Key& key, const s3::UploadId& id) override;
  Result<std::vector<s3::UploadedPart>> list_parts(const s3::Key& key,
                                                   const s3::UploadId& id) override;
  Result<s3::UploadPage> list_uploads(const std::string& prefix,
                                      const s3::UploadPage& after) override;
  [[nodiscard]] bool copies_parts() const override { return store_.copies_parts(); }
  Status settle(const s3::Key& key) override;

 private:
  Result<bool> has_names_below(const s3::Key& key);
  Result<s3::ETag> replaced(const s3::Key& key, Result<s3::ETag> stored);
  Status show_folders(const s3::ListRequest& request, s3::ListPage& page);
  Status show_own_folder(const s3::ListRequest& request, s3::ListPage& page);

  s3::ObjectStore& store_;
};

}  // namespace pailfs::fs
