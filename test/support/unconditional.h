// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "pailfs/store/forwarding_store.h"

namespace pailfs::test {

/// A service that ignores the conditions of changes.
class Unconditional final : public store::ForwardingStore {
 public:
  explicit Unconditional(store::ObjectStore& inner) : ForwardingStore(inner) {}
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override;
  Status remove(const store::Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override;
  Result<store::ETag> copy(const store::CopyRequest& request) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
};

}  // namespace pailfs::test
