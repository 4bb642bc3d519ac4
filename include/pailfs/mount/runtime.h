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

#include "pailfs/mount/identity.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// What stands for the mountpoint of a mount that has none as far as its process knows: the
/// process, "/proc/PID", or the descriptor N that was passed to it, "/proc/PID/fd/N".
std::string placeless_name(pid_t pid, std::optional<int> descriptor);
inline bool is_placeless_name(std::string_view mountpoint) {
  return mountpoint.starts_with("/proc/");
}

/// One mount, as its process described it when it began to serve. Holds no secret.
struct MountRecord {
  pid_t pid = 0;
  std::string mountpoint;    ///< absolute, without symbolic links, or placeless_name()
  std::int64_t started = 0;  ///< seconds since 1970
  std::uint64_t born = 0;    ///< of its process, see process_birth.h; 0: not known
  uid_t uid = ::geteuid();   ///< its owner; not in the file, the reader fills it in
  Identity what;

  /// Its process knows no directory of its own: another program has mounted the descriptor that it
  /// serves, or it was taken off its directory and serves what is still open.
  [[nodiscard]] bool is_placeless() const { return is_placeless_name(mountpoint); }
  /// Another program has mounted it, at a directory that this process may see.
  [[nodiscard]] bool has_passed_descriptor() const;
};

/// The directory of this user's records, made if it is missing, mode 0700: /run/pailfs for root,
/// $XDG_RUNTIME_DIR/pailfs or /run/user/UID/pailfs for others, /tmp/pailfs-UID where those cannot
/// be had. A directory that is not ours, or that another user can write to, is an error. The mount
/// called ID has the file ID.mount (its record) there, and other files named ID.*.
Result<std::string> runtime_directory();

/// The first of those directories that is there and this user's alone; makes nothing.
std::optional<std::string> find_runtime_directory();

/// Name for the files about a mount: 16 hexadecimal digits, the same in every process and version.
/// `mountpoint` is absolute and without symbolic links.
std::string mount_id(std::string_view mountpoint);

/// Writes the record, in place of an older one of the same directory. A reader sees all of it or
/// nothing.
Status write_record(const MountRecord& record);

/// The record of exactly this directory. It may be left over: its process may be gone.
std::optional<MountRecord> read_record(const std::string& mountpoint);

/// The records whose file system is in the mount table of this process, by mountpoint; their
/// processes may have been killed nevertheless. Those without a place as long as their process is
/// there. Removes the files of mounts whose mount and process
/// are both gone.
std::vector<MountRecord> list_records();

/// The same; for root also the mounts of other users in this mount table, unless their record is in
/// a directory that only their XDG_RUNTIME_DIR names.
std::vector<MountRecord> list_everybodys_records();

/// To be called by the process of the record when it has unmounted. No record is success.
Status remove_record(const std::string& mountpoint);

}  // namespace pailfs::mount
