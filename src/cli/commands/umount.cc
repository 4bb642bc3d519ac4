// SPDX-License-Identifier: Apache-2.0
#include "umount.h"

#include <signal.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "pailfs/mount/runtime.h"
#include "pailfs/mount/unmount.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "found_mounts.h"
#include "own_mount.h"
#include "progress.h"

namespace pailfs::cli {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// How long a process may take to make room for the next mount of its directory.
constexpr seconds kAnswerTime{2};
/// How long --force waits for what can be stored, when --timeout does not say.
constexpr seconds kForcePatience{10};
/// How long a process that was told to end may take, a little more than its own umount_timeout.
constexpr seconds kEndPatience{12};

/// False when the process still runs at `limit`.
bool await_end(const mount::MountRecord& record, steady_clock::time_point limit) {
  while (mount::is_alive(record)) {
    if (steady_clock::now() >= limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

int await_exit(const mount::MountRecord& record, const Progress& progress) {
  if (await_end(record, progress.limit())) return 0;
  return complain("process " + std::to_string(record.pid) + " of " + printable(record.mountpoint) +
                      " still runs",
                  Exit::timeout);
}

int unmount_dead(const OwnMount& dead) {
  if (const Status gone = mount::unmount(dead.mountpoint); !gone)
    return complain(dead.epitaph() + "; " + gone.error().text, Exit::local);
  say(dead.epitaph() + "; it is unmounted");
  return 0;
}

/// Ends a mount that is in use, of which something could not be stored, or whose process does not
/// answer. `code` is the exit status so far: 0 when all is stored.
int end_by_force(const mount::MountRecord& record, int code) {
  const std::string name = printable(record.mountpoint);
  const Status detached = record.is_placeless() ? Status() : mount::detach(record.mountpoint);
  if (!detached && mount::is_alive(record)) {
    return complain(detached.error().text, Exit::local);
  }
  // SIGTERM lets the process list in its log what it could not store.
  if (mount::is_alive(record)) ::kill(record.pid, SIGTERM);
  const bool ended = await_end(record, steady_clock::now() + kEndPatience);
  if (!ended) ::kill(record.pid, SIGKILL);
  say(name + " is unmounted by force" + (ended ? "" : ", and its process killed") +
      (code == 0 ? "; everything is stored" : "; what is not stored is not in the bucket"));
  return code;
}

/// Takes off a mount of which everything is stored. Nothing when that is done and its process is to
/// be waited for; else the exit status, after saying why.
std::optional<int> take_off(const Command& command, const mount::MountRecord& record) {
  const std::string& mountpoint = record.mountpoint;
  if (record.is_placeless()) {
    if (command.force) return end_by_force(record, 0);
    return complain("everything is stored, but process " + std::to_string(record.pid) +
                        " is mounted on " + name_of(record) +
                        (record.has_passed_descriptor()
                             ? "; unmount it where it is, and the process ends (--force ends it)"
                             : "; it ends with the last of them (--force ends it)"),
                    Exit::local);
  }
  const Status gone = mount::unmount(mountpoint);
  if (gone) return std::nullopt;
  const std::string name = printable(mountpoint);
  if (gone.error().err != EBUSY) return complain(gone.error().text, Exit::local);
  if (command.force) return end_by_force(record, 0);
  if (!command.lazy) {
    return complain(name +
                        " is in use; everything is stored, but files or directories in it are "
                        "open (fuser -vm " +
                        name + " shows by whom; pailfs umount --lazy " + name +
                        " takes it off all the same)",
                    Exit::local);
  }
  if (const Status detached = mount::detach(mountpoint); !detached)
    return complain(detached.error().text, Exit::local);
  // Otherwise the next mount of the directory would hide it from `pailfs list`.
  if (auto client = ask(mountpoint, "leave"))
    static_cast<void>(client->next(steady_clock::now() + kAnswerTime));
  say(name + " is taken off; its process (" + std::to_string(record.pid) +
      ") ends when the last open file is closed");
  return 0;
}

/// What the process says at its end, after an unmount.
int hear_out(report::ControlClient& client, Progress& progress, const mount::MountRecord& record) {
  const auto end = progress.follow(client);
  if (!end) return complain(end.error().text, Exit::timeout);
  const std::optional<std::string>& last = *end;
  if (!last) {
    return complain("the process of " + printable(record.mountpoint) + " ended without a word",
                    Exit::not_stored);
  }
  if (*last != "ended 0") {
    return complain("unmounted, but not everything written last could be stored", Exit::not_stored);
  }
  return await_exit(record, progress);
}

int unmount_living(const Command& command, const mount::MountRecord& record) {
  const std::string& mountpoint = record.mountpoint;
  auto client = ask(mountpoint, "drain");
  if (!client) {
    if (command.force) {
      say(client.error().text);
      return end_by_force(record, static_cast<int>(Exit::not_stored));
    }
    return complain(
        client.error().text + "; to give up on it: pailfs umount --force " + printable(mountpoint),
        Exit::local);
  }
  const std::optional<seconds> limit =
      command.force && !command.timeout ? kForcePatience : command.timeout;
  Progress progress(limit);
  if (const int code = store_all(*client, progress, mountpoint); code != 0) {
    if (command.force) return end_by_force(record, static_cast<int>(Exit::not_stored));
    say(printable(mountpoint) + " is still mounted; what is not stored stays in it");
    return code;
  }
  if (const auto code = take_off(command, record)) return *code;
  return hear_out(*client, progress, record);
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
