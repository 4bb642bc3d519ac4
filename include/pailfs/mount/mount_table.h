// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace pailfs::mount {

/// One line of the kernel's mount table.
struct MountEntry {
  std::string device;            ///< "MAJOR:MINOR"
  std::string mountpoint;        ///< unescaped
  std::string type;              ///< e.g. "fuse.s3fs"
  std::string source;            ///< unescaped
  std::optional<uid_t> user_id;  ///< the mounting user, for FUSE file systems
  std::string options;           ///< "nosuid,relatime,user_id=0": of the mount, then of its type
};

/// A line of /proc/PID/mountinfo (proc(5)); nothing when it has another form.
std::optional<MountEntry> parse_mountinfo_line(std::string_view line);

/// The mount at exactly `path`: the last, hence uppermost, entry. `mountinfo` is the text of the
/// whole table, `path` absolute and without symbolic links.
std::optional<MountEntry> find_mount(std::string_view mountinfo, std::string_view path);

/// The kernel's table for this process; "" when /proc is not there.
std::string read_mountinfo(const std::string& file);

}  // namespace pailfs::mount
