// SPDX-License-Identifier: Apache-2.0
#include "direct_world.h"

namespace pailfs::test {

std::unique_ptr<World> open_world(const WorldOptions& options) {
  return std::make_unique<DirectWorld>(options);
}

}  // namespace pailfs::test
