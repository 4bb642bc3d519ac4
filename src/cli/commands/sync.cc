// SPDX-License-Identifier: Apache-2.0
#include "sync.h"

#include "cli/run/messages.h"
#include "own_mount.h"
#include "progress.h"

namespace pailfs::cli {

int run_sync(const Command& command, const Environment& /*environment*/) {
  const auto found = find_living_mount(command.mountpoint);
  if (!found) return complain(found.error().text, Exit::local);
  auto client = ask(found->mountpoint, "sync");
  if (!client) return complain(client.error().text, Exit::local);
  Progress progress(std::nullopt);
  return store_all(*client, progress, found->mountpoint);
}

}  // namespace pailfs::cli
