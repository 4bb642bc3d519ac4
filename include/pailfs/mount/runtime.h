// SPDX-License-Identifier: Apache-2.0
// What is written down about running mounts, for whoever asks later: the next command on the same
// directory, and commands about mounts. Any thread; functions of other processes may run meanwhile.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/result.h"

namespace pailfs::mount {

/// One mount, as its process described it when it began to serve. Holds no secret.
struct MountRecord {
  pid_t pid = 0;
  std::string source;          ///< "bucket" or "bucket:/prefix"
  std::string url;             ///< of the service
  std::string mountpoint;      ///< absolute, without symbolic links
  std::string options_digest;  ///< equal for equal options; says nothing about them otherwise
  std::int64_t started = 0;    ///< seconds since 1970
  uid_t uid = ::geteuid();     ///< whose it is; not written down, the reader knows
};

/// The directory of this user's records, made if it is missing, mode 0700: /run/pailfs for root,
/// $XDG_RUNTIME_DIR/pailfs or /run/user/UID/pailfs for others, /tmp/pailfs-UID where those cannot
/// be had. It is ours and nobody else can write there; a directory that is not so is an error.
/// A mount called ID there has the files ID.mount (its record) and what other parts put beside it.
Result<std::string> runtime_directory();

/// Name for the files about a mount: 16 hexadecimal digits, the same in every process and version.
/// `mountpoint` is absolute and without symbolic links.
std::string mount_id(std::string_view mountpoint);

/// Writes the record, in place of an older one of the same directory. Whoever reads sees all of it
/// or nothing.
Status write_record(const MountRecord& record);

/// The record of exactly this directory. It may be left over: its process may be gone.
std::optional<MountRecord> read_record(const std::string& mountpoint);

/// The records whose file system is in the mount table of this process, by mountpoint; its process
/// may have been killed nevertheless. The files of those whose mount and process are both gone are
/// removed.
std::vector<MountRecord> list_records();

/// The same, and for root also those that other users have in this mount table and described where
/// it is found without their environment: ours tells of no XDG_RUNTIME_DIR but our own.
std::vector<MountRecord> list_everybodys_records();

/// To be called by the process of the record when it has unmounted. No record is success.
Status remove_record(const std::string& mountpoint);

}  // namespace pailfs::mount
