// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "contract/service.h"
#include "player.h"

namespace pailfs::test::shared {

/// A part of the service's bucket, below a prefix of its own, with the real client for each mount:
/// what each finds out about the service is its own.
std::unique_ptr<Bucket> wire_bucket(const Service& service);

}  // namespace pailfs::test::shared
