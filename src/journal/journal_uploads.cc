// SPDX-License-Identifier: Apache-2.0
// Uploads in parts: confirmed by the store itself, in their turn among what waits.
#include "journal.h"

namespace pailfs::journal {

Result<s3::UploadId> Journal::create_upload(const s3::Key& key,
                                            const s3::ObjectAttributes& attributes,
                                            s3::PartOrigin origin) {
  return store_.create_upload(key, attributes, origin);
}

Result<s3::ETag> Journal::upload_part(const s3::Key& key, const s3::UploadId& id, int number,
                                      s3::ByteSource& body) {
  return store_.upload_part(key, id, number, body);
}

Result<s3::ETag> Journal::copy_part(const s3::Key& key, const s3::UploadId& id, int number,
                                    const s3::Key& source, const s3::ETag& source_if_match,
                                    s3::ByteRange range) {
  const Status settled = settle_claimed(source);
  if (!settled) return settled.error();
  s3::ETag version = source_if_match;
  {
    MutexLock lock(mutex_);
    if (!version.empty()) version = stored_name(source, version);
  }
  return store_.copy_part(key, id, number, source, version, range);
}

Result<s3::ETag> Journal::complete_upload(const s3::Key& key, const s3::UploadId& id,
                                          const std::vector<s3::UploadedPart>& parts) {
  const Status claimed = claim({key});
  if (!claimed) return claimed.error();
  const Status settled = settle_claimed(key);
  Result<s3::ETag> etag = settled ? store_.complete_upload(key, id, parts) : settled.error();
  std::uint64_t size = 0;
  for (const s3::UploadedPart& part : parts) size += part.size;
  if (etag) {
    note_stored(key, Base::of(*etag), size);
  } else {
    note_doubt(key);
  }
  unclaim({key});
  return etag;
}

Status Journal::abort_upload(const s3::Key& key, const s3::UploadId& id) {
  return store_.abort_upload(key, id);
}

Result<std::vector<s3::UploadedPart>> Journal::list_parts(const s3::Key& key,
                                                          const s3::UploadId& id) {
  return store_.list_parts(key, id);
}

Result<s3::UploadPage> Journal::list_uploads(const std::string& prefix,
                                             const s3::UploadPage& after) {
  return store_.list_uploads(prefix, after);
}

}  // namespace pailfs::journal
