// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/mount/mount.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// The options of one mount, sorted by receiver: kernel, fusermount, libfuse.
struct MountWords {
  std::string source;       ///< first field of the mount table
  std::string type;         ///< third field: "fuse.s3fs"
  unsigned long flags = 0;  ///< MS_* of mount(2)
  std::string data;         ///< the kernel's other words, without those about the descriptor
  std::string for_program;  ///< value of fusermount3's -o; commas and backslashes escaped
  bool auto_unmount = false;
  /// libfuse's command line, {"pailfs", "-o", word, ...}: the few words that it must obey itself.
  std::vector<std::string> for_libfuse;
};

/// Sorts the options of `config`. Always default_permissions; nosuid and nodev, unless dev or suid
/// is given and the process `may_mount` without fusermount, which refuses both. Words that mount(8)
/// knows but FUSE does not (relatime, defaults, ...) are dropped. The last of equal settings wins.
/// EINVAL for an unknown word.
Result<MountWords> mount_words(const Config& config, bool may_mount);

}  // namespace pailfs::mount
