// SPDX-License-Identifier: Apache-2.0
/// Puts a reply on the wire: head and first body bytes in one write, at the pace that is asked for,
/// and with the damage that the fault plan orders.
#pragma once
#include <cstdint>

#include "faults.h"
#include "http_message.h"
#include "stream.h"
#include "throttle.h"

namespace s3d {

struct WriteResult {
  std::uint64_t body_bytes = 0;
  bool keep = true;  ///< the connection may carry another request
};

/// `head_only`: the reply to HEAD. Blocks for as long as the faults say.
WriteResult write_reply(Stream& stream, const Reply& reply, bool head_only, const FaultPlan& plan,
                        Pace& pace);

}  // namespace s3d
