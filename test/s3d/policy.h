// SPDX-License-Identifier: Apache-2.0
/// What the rule only_prefix=P lets through: a policy that allows s3:ListBucket under the condition
/// that s3:prefix begins with P, and every action on objects below P. Pure functions.
#pragma once
#include <string_view>

#include "http_message.h"
#include "operation.h"

namespace s3d {

/// `allowed` empty: no such policy, everything is.
bool policy_allows(std::string_view allowed, Op op, const RequestHead& head,
                   const Address& address);
bool policy_allows_key(std::string_view allowed, std::string_view key);

}  // namespace s3d
