// SPDX-License-Identifier: Apache-2.0
#include "umount.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "pailfs/mount/runtime.h"
#include "pailfs/mount/unmount.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"
#include "progress.h"

namespace pailfs::cli {
namespace {

int await_exit(const mount::MountRecord& record, const Progress& progress) {
  while (is_alive(record.pid)) {
    if (std::chrono::steady_clock::now() >= progress.limit()) {
      return complain(
          "process " + std::to_string(record.pid) + " of " + record.mountpoint + " still runs",
          Exit::timeout);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return 0;
}

int unmount_dead(const OwnMount& dead) {
  if (const Status gone = mount::unmount(dead.mountpoint); !gone)
    return complain(dead.epitaph() + "; " + gone.error().text, Exit::local);
  say(dead.epitaph() + "; it is unmounted");
  return 0;
}

int unmount_living(const Command& command, const mount::MountRecord& record) {
  const std::string& mountpoint = record.mountpoint;
  auto client = ask(mountpoint, "drain");
  if (!client) {
    return complain(client.error().text + "; to give up on it: umount -l " + mountpoint,
                    Exit::local);
  }
  Progress progress(command.timeout);
  if (const int code = store_all(*client, progress, mountpoint); code != 0) {
    say(mountpoint + " is still mounted");
    return code;
  }
  if (const Status gone = mount::unmount(mountpoint); !gone) {
    const bool busy = gone.error().err == EBUSY;
    return complain(busy ? mountpoint +
                               " is in use; everything is stored, but files or directories "
                               "in it are open (fuser -vm " +
                               mountpoint + " shows by whom)"
                         : gone.error().text,
                    Exit::local);
  }
  const auto end = progress.follow(*client);
  if (!end) return complain(end.error().text, Exit::timeout);
  const std::optional<std::string>& last = *end;
  if (!last)
    return complain("the process of " + mountpoint + " ended without a word", Exit::not_stored);
  if (*last != "ended 0") {
    return complain("unmounted, but not everything written last could be stored", Exit::not_stored);
  }
  return await_exit(record, progress);
}

}  // namespace

int run_umount(const Command& command, const Environment& /*environment*/) {
  const auto found = find_own_mount(command.mountpoint);
  if (!found) return complain(found.error().text, Exit::local);
  if (found->is_dead()) return unmount_dead(*found);
  const std::optional<mount::MountRecord>& record = found->record;
  if (!record)
    return complain("no mount of pailfs is at " + printable(found->mountpoint), Exit::local);
  return unmount_living(command, *record);
}

}  // namespace pailfs::cli
