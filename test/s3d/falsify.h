// SPDX-License-Identifier: Apache-2.0
/// Faults that change what is said, as against how it is sent (reply_writer.h).
#pragma once
#include <optional>

#include "service.h"

namespace s3d {

/// The reply that a fault puts in the place of the operation, if one does.
std::optional<Reply> replaced_reply(const Call& call);
/// Damages a genuine reply as the plan orders.
void falsify(const Call& call, Reply& reply);

}  // namespace s3d
