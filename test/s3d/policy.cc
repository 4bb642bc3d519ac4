// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

namespace s3d {

bool policy_allows_key(std::string_view allowed, std::string_view key) {
  return key.starts_with(allowed);
}

bool policy_allows(std::string_view allowed, Op op, const RequestHead& head,
                   const Address& address) {
  if (allowed.empty()) return true;
  switch (op) {
    case Op::kListObjectsV1:
    case Op::kListObjectsV2:
    case Op::kListMultipartUploads:
      return policy_allows_key(allowed, head.param_or_empty("prefix"));
    case Op::kDeleteObjects:
      return true;  // judged key by key
    case Op::kUnimplemented:
    case Op::kMethodNotAllowed:
      return true;
    default:
      // Those on the bucket itself have no key.
      return policy_allows_key(allowed, address.key);
  }
}

}  // namespace s3d
