// SPDX-License-Identifier: Apache-2.0
// The same as pailfs/mount/runtime.h with the directory and the machine as arguments.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/util/file.h"

namespace pailfs::mount {

/// Where a user's runtime directory may be, the best first; `xdg` is XDG_RUNTIME_DIR or "".
std::vector<std::string> runtime_candidates(uid_t uid, const std::string& xdg);

/// Makes `path` unless it is there, and refuses it unless it is a directory that belongs to `uid`
/// and that only `uid` can write. The directory above must exist.
Status own_directory(const std::string& path, uid_t uid);
/// The same without making it: ENOENT when it is not there.
Status is_own_directory(const std::string& path, uid_t uid);

/// The file of the record of a mount.
std::string record_file(const std::string& directory, std::string_view mountpoint);
/// One "key=value" a line, values percent-encoded; unknown keys are skipped.
std::string format_record(const MountRecord& record);
/// Nothing when a field without which the record means nothing is missing or malformed.
std::optional<MountRecord> parse_record(std::string_view text);

Status write_record(const std::string& directory, const MountRecord& record);
std::optional<MountRecord> read_record(const std::string& directory, const std::string& mountpoint);
/// `mountinfo` is the text of the mount table.
std::vector<MountRecord> list_records(const std::string& directory, std::string_view mountinfo);
Status remove_record(const std::string& directory, const std::string& mountpoint);

/// Lock under which a command looks at a mountpoint, mounts and writes its record; closing the
/// descriptor releases it. Without a descriptor, after ten seconds or when the lock file cannot be
/// made, the caller goes on without the lock, which only matters when two commands run at the same
/// moment.
UniqueFd lock_records(const std::string& directory);

}  // namespace pailfs::mount
