// SPDX-License-Identifier: Apache-2.0
// Uploads in parts: confirmed by the store itself, in their turn among the waiting changes.
#include "journal.h"

namespace pailfs::journal {

Result<store::ETag> Journal::copy_part(const store::Key& key, const store::UploadId& id, int number,
                                       const store::Key& source, const store::ETag& source_if_match,
                                       store::ByteRange range) {
  const Status settled = settle_claimed(source);
  if (!settled) return settled.error();
  store::ETag version = source_if_match;
  {
    MutexLock lock(mutex_);
    if (!version.empty()) version = confirmed_.stored_name(source, version);
  }
  return store_.copy_part(key, id, number, source, version, range);
}

Result<store::ETag> Journal::complete_upload(const store::Key& key, const store::UploadId& id,
                                             const std::vector<store::UploadedPart>& parts,
                                             const store::Condition& condition) {
  const Status claimed = claim({key});
  if (!claimed) return claimed.error();
  const Status settled = settle_claimed(key);
  store::Condition stored = condition;
  if (!stored.version.empty()) {
    MutexLock lock(mutex_);
    stored.version = confirmed_.stored_name(key, stored.version);
  }
  Result<store::ETag> etag =
      settled ? store_.complete_upload(key, id, parts, stored) : settled.error();
  std::uint64_t size = 0;
  for (const store::UploadedPart& part : parts) size += part.size;
  if (etag) {
    note_stored(key, Base::of(*etag), size);
  } else {
    note_doubt(key);
  }
  unclaim({key});
  return etag;
}

}  // namespace pailfs::journal
