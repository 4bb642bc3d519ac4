// SPDX-License-Identifier: Apache-2.0
#include "command_table.h"

#include <algorithm>

#include "check.h"
#include "conflicts.h"
#include "list.h"
#include "refresh.h"
#include "status.h"
#include "sync.h"
#include "umount.h"

namespace pailfs::cli {
namespace {

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<CommandSpec> make_table() {
  return {
      {.name = "list",
       .synopsis = "[--json]",
       .about = About::nothing,
       .switches = {{"--json", "", "print an array", &Command::json}},
       .summary = "mounts of this machine",
       .manual =
           R"(The mounts that this user has on this machine, for root those of all users, one a line; with
.B \-\-json
an array.)",
       .run = run_list},
      {.name = "status",
       .synopsis = "[MOUNTPOINT] [--json] [--watch]",
       .about = About::mounts,
       .switches = {{"--json", "", "print one object", &Command::json},
                    {"--watch", "", "repeat it every second", &Command::watch}},
       .summary = "what a mount is doing",
       .manual =
           R"(What a mount, or each of them, is doing: uploads with the bytes done, what is not stored yet and why,
the last error with its time, credentials and when they expire, requests, where the log goes; with
.B bg
also that the bucket is not reached yet, and why.
.B \-\-watch
repeats it every second.
With
.B use_xattr
the same JSON object is the value of the extended attribute
.B user.pailfs.status
of the mountpoint, for where the command is missing:
getfattr \-\-only\-values \-n user.pailfs.status MOUNTPOINT.
No listing of attributes shows it.)",
       .run = run_status},
      {.name = "sync",
       .synopsis = "MOUNTPOINT",
       .about = About::one_mount,
       .switches = {},
       .summary = "store everything that is written",
       .manual = R"(Store everything that has been written, also to files that are open.
The status is 0 when all of it is stored, 1 when something is not; the files are then listed.)",
       .run = run_sync},
      {.name = "refresh",
       .synopsis = "PATH...",
       .about = About::paths,
       .switches = {},
       .summary = "see what others have changed",
       .manual =
           R"(Forget what is known at and below each path, in mounts of this user: attributes, names, names that
are absent, bytes that were read, in memory, with
.B use_cache
and in the kernel.
The next look at each of them asks the store.
What is not stored yet stays as it is, and a file that is open keeps its version.
Nothing is sent.
By default it returns at once, or within a second when one of the files is open; with longer
.BR entry_timeout " or " negative_timeout
it says for how long the kernel may still believe in older names.
Where the command is missing, and for other users,
setfattr \-n user.pailfs.refresh \-v 1 PATH
does the same, also without
.BR use_xattr ,
but does not wait for the kernel; the value is not looked at.)",
       .run = run_refresh},
      {.name = "conflicts",
       .synopsis = "[--json] [--forget NAME] MOUNTPOINT",
       .about = About::one_mount,
       .switches = {{"--json", "", "print an array", &Command::json},
                    {"--forget", "NAME", "remove one of them", &Command::forget}},
       .summary = "changes that lost a race",
       .manual =
           R"(List what was written to files that another client had changed meanwhile: the close failed with ESTALE
or EEXIST, the bucket has the other client's version, and the bytes are in a local file, which is named.
Where a file was changed in part only, bytes that were never here are holes.
.B \-\-forget
removes one.)",
       .run = run_conflicts},
      {.name = "umount",
       .synopsis = "[--timeout SECONDS] MOUNTPOINT",
       .about = About::one_mount,
       .switches = {{"--timeout", "SECONDS", "wait no longer", &Command::timeout}},
       .summary = "store everything, then unmount",
       .manual = R"(Do as
.B sync
does, unmount, and wait until the process has ended, for
.I SECONDS
at most.
When something cannot be stored the files are listed, the mount stays with what was written, and the
status is 1.
A mount that is in use stays as well: status 2.)",
       .run = run_umount},
      {.name = "check",
       .synopsis = "BUCKET[:/PATH] [--write] [-o OPTION,...]",
       .about = About::bucket,
       .switches = {{"--write", "", "store and delete an object of a new name", &Command::write}},
       .summary = "try every step of a mount",
       .manual =
           R"(Go the way of a mount, and print each step with its time: DNS, TCP, TLS, the clocks, credentials,
listing, the first byte of an object.
With
.B \-\-write
an object of a new name is stored and deleted, and each kind of change is tried on a condition that does not hold:
a service that makes it all the same gets a warning, for there one client can undo what another has just written.
The status is that of the mount.)",
       .run = run_check},
  };
}

}  // namespace

const std::vector<CommandSpec>& command_table() {
  static const std::vector<CommandSpec> table = make_table();
  return table;
}

const CommandSpec* find_command(std::string_view name) {
  const auto& table = command_table();
  const auto row = std::find_if(table.begin(), table.end(),
                                [&](const CommandSpec& spec) { return spec.name == name; });
  return row == table.end() ? nullptr : &*row;
}

}  // namespace pailfs::cli
