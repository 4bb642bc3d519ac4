// SPDX-License-Identifier: Apache-2.0
#include "unconditional.h"

namespace pailfs::test {

Result<store::ETag> Unconditional::put(const store::PutRequest& request, ByteSource& body) {
  store::PutRequest bare = request;
  bare.condition = {};
  return store_.put(bare, body);
}

Status Unconditional::remove(const store::Removal& removal) {
  return store_.remove(removal.key);
}

std::vector<Status> Unconditional::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<store::Removal> bare;
  for (const store::Removal& removal : removals) bare.emplace_back(removal.key);
  return store_.remove_many(bare);
}

Result<store::ETag> Unconditional::copy(const store::CopyRequest& request) {
  store::CopyRequest bare = request;
  bare.condition = {};
  return store_.copy(bare);
}

Result<store::ETag> Unconditional::complete_upload(const store::Key& key, const store::UploadId& id,
                                                   const std::vector<store::UploadedPart>& parts,
                                                   const store::Condition& /*condition*/) {
  return store_.complete_upload(key, id, parts, {});
}

}  // namespace pailfs::test
