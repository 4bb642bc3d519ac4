// SPDX-License-Identifier: Apache-2.0
// Records of running mounts, for later commands: the next mount on the same directory, and commands
// about mounts. Any thread may call the functions; other processes may call them at the same time.
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
  uid_t uid = ::geteuid();     ///< its owner; not in the file, the reader fills it in
};

/// The directory of this user's records, made if it is missing, mode 0700: /run/pailfs for root,
/// $XDG_RUNTIME_DIR/pailfs or /run/user/UID/pailfs for others, /tmp/pailfs-UID where those cannot
/// be had. A directory that is not ours, or that another user can write to, is an error. The mount
/// called ID has the file ID.mount (its record) there, and other files named ID.*.
Result<std::string> runtime_directory();

/// Name for the files about a mount: 16 hexadecimal digits, the same in every process and version.
/// `mountpoint` is absolute and without symbolic links.
std::string mount_id(std::string_view mountpoint);

/// Writes the record, in place of an older one of the same directory. A reader sees all of it or
/// nothing.
Status write_record(const MountRecord& record);

/// The record of exactly this directory. It may be left over: its process may be gone.
std::optional<MountRecord> read_record(const std::string& mountpoint);

/// The records whose file system is in the mount table of this process, by mountpoint; their
/// processes may have been killed nevertheless. Removes the files of mounts whose mount and process
/// are both gone.
std::vector<MountRecord> list_records();

/// The same; for root also the mounts of other users in this mount table, unless their record is in
/// a directory that only their XDG_RUNTIME_DIR names.
std::vector<MountRecord> list_everybodys_records();

/// To be called by the process of the record when it has unmounted. No record is success.
Status remove_record(const std::string& mountpoint);

}  // namespace pailfs::mount
