// SPDX-License-Identifier: Apache-2.0
#include "command_table.h"

#include <algorithm>

#include "check.h"
#include "conflicts.h"
#include "list.h"
#include "refresh.h"
#include "remount.h"
#include "status.h"
#include "sync.h"
#include "umount.h"
#include "warm.h"

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
      {.name = "warm",
       .synopsis = "[--jobs N] [--attributes] PATH...",
       .about = About::paths,
       .switches = {{"--jobs", "N", "so many files side by side", &Command::jobs},
                    {"--attributes", "", "names and attributes, no bytes", &Command::attributes}},
       .summary = "bring files into the caches",
       .manual =
           R"(Read the files, and all files below the directories, so that the next program finds them in the caches of the
mount: 16 side by side, or as
.B \-\-jobs
says, from 1 to 256.
.B \-\-attributes
brings names and attributes only.
Tells how much was read, and what the cache had no room for; a line for each file that cannot be read, and then the status is 2.
Anybody who may read the files can do it.)",
       .run = run_warm},
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
       .synopsis = "[--timeout SECONDS] [--lazy] [--force] MOUNTPOINT",
       .about = About::one_mount,
       .switches = {{"--timeout", "SECONDS", "wait no longer", &Command::timeout},
                    {"--lazy", "", "also while files are open", &Command::lazy, "-l"},
                    {"--force", "", "also when something cannot be stored", &Command::force, "-f"}},
       .summary = "store everything, then unmount",
       .manual = R"(Do as
.B sync
does, unmount, and wait until the process has ended, for
.I SECONDS
at most.
When something cannot be stored the files are listed, the mount stays with what was written, and the
status is 1; when the time is over first, 7.
A mount that is in use stays as well: status 2.
.PP
With
.B \-\-lazy
.RB ( \-l )
a mount that is in use, of which everything is stored, is taken out of the tree of directories: its name is free at once,
open files stay usable, and the process ends with the last of them; until then
.B pailfs list
shows it without a directory.
.PP
With
.B \-\-force
.RB ( \-f )
the mount ends in any case: what could not be stored within
.I SECONDS
(default 10) is listed and lost, or stays in the journal for the next mount with
.BR durability=local .
Programs that use the mount get errors.
A process that does not answer is killed.)",
       .run = run_umount},
      {.name = "remount",
       .synopsis = "[-o OPTION,...] MOUNTPOINT",
       .about = About::one_mount,
       .switches = {{"-o", "OPTION,...", "what is to change", &Command::options}},
       .summary = "change options of a mount",
       .manual =
           R"(Change options of a mount that lives:
.B ro
and
.BR rw ,
.BR dbglevel ,
.BR prefix ,
.BR memory_limit ,
.BR cache_size ,
.BR limit_rate ,
.BR limit_requests ,
.BR stat_cache_expire ,
.BR max_stat_cache_size ,
.BR attr_timeout ,
.BR entry_timeout ,
.BR negative_timeout ,
and the place of the keys:
.BR passwd_file " and " profile .
All others are refused by name.
.BR "mount \-o remount,ro MOUNTPOINT" ,
for root, does the same.
.PP
With
.BR ro ,
a mount in which files are open for writing stays writable for root, status 2; what is not stored yet is stored as before.
For an ordinary user only the process of the mount refuses changes from then on, the mount table still shows rw, and files that are
open for writing stay so.
.B rw
of a mount that is ro in the mount table needs root, and is refused for a mount that began with
.B ro
and use_cache, durability, exclusive or conditional.
.PP
What is beyond a lower limit goes at once, except what is in use; after a shorter
.B stat_cache_expire
everything is asked for again, and the kernel believes what it was told before for as long as it was told.
New keys are tried with a request first: when the bucket refuses them the old ones stay, status 2.
.PP
.BI prefix= PATH
makes the mount show another path of the bucket, / the whole of it.
Everything written is stored first; then another process begins, with the options of the old one and those that are given beside
.B prefix
(any of them), and the keys that it finds itself: this command needs the environment of the one that began the mount.
When the bucket has answered it the old mount is taken off the directory and the new one put there; for a moment between the two the
directory is as it was before it was mounted.
What is open goes on in the old mount, under the old path, and is stored there; its process ends with the last open file, and
until then is known by its number to
.BR "pailfs list" ,
.BR status ,
.BR sync " and " umount .
Status: 1 when something could not be stored, otherwise that of a mount; unless it is 0 the old mount stays as it was.
The old log says \(lqtaken off its directory\(rq, the new one \(lqmounted\(rq.
A mount in the foreground
.RB ( \-f )
is ended and started anew by its starter instead.
.B \-s
and
.B \-d
are not carried over.)",
       .run = run_remount},
      {.name = "check",
       .synopsis = "BUCKET[:/PATH] [--write] [--json] [-o OPTION,...]",
       .about = About::bucket,
       .switches = {{"--write", "", "store and delete an object of a new name", &Command::write},
                    {"--json", "", "print one object", &Command::json}},
       .summary = "try every step of a mount",
       .manual =
           R"(Go the way of a mount, and print each step with its time: DNS, TCP, TLS, the clocks, credentials,
listing, the first byte of an object.
With
.B \-\-write
an object of a new name is stored and deleted, and each kind of change is tried on a condition that does not hold:
a service that makes it all the same gets a warning, for there one client can undo what another has just written.
With
.B \-\-json
one object is printed at the end.
The status is that of the mount.)",
       .run = run_check},
      {.name = "help",
       .synopsis = "[TOPIC]",
       .about = About::topic,
       .switches = {},
       .summary = "help on a command or an option",
       .manual =
           R"(Print help: on one screen, or on a command, an option or a section of the options; with
.B all
on every option.
.B pailfs COMMAND \-\-help
and
.B pailfs \-\-help=TOPIC
do the same.)",
       .run = nullptr,
       .prints = Action::help_topic},
      {.name = "version",
       .synopsis = "",
       .about = About::nothing,
       .switches = {},
       .summary = "print the version",
       .manual = "Print the version and the licence.",
       .run = nullptr,
       .prints = Action::version},
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
