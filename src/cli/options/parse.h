// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "options.h"

namespace pailfs::cli {

/// Exit status of the program; part of its interface, see pailfs(1).
enum class Exit : int {
  ok = 0,
  usage = 1,
  not_stored = 1,   ///< with -f: the mount ended and some writes could not be stored
  local = 2,        ///< a path or permission on this machine
  fuse = 3,         ///< /dev/fuse, fusermount3, the kernel mount
  credentials = 4,  ///< none, or refused by the service
  bucket = 5,       ///< bucket, region or policy
  network = 6,      ///< the endpoint cannot be reached or is no S3 service
  timeout = 7,
};

/// Status that mount(8) expects from a helper it runs: 1 is usage, 32 any failure to mount.
inline constexpr int kMountHelperFailure = 32;

/// The result of reading a command line. `error` is empty exactly when `options` may be used.
struct CommandLine {
  Options options;
  std::vector<std::string> warnings;  ///< one line each, without "pailfs: "
  std::string error;                  ///< one line, without "pailfs: "
  Exit exit = Exit::ok;
  bool mount_helper = false;       ///< called as mount.NAME, by mount(8)
  std::string directory;           ///< the working directory when the line was read
  std::vector<std::string> given;  ///< these, "NAME" or "NAME=VALUE", secrets as stars
  std::string settings;  ///< the options that have an effect, equal for equal ones; with values
};

/// Reads a command line in s3fs's grammar: `argv` includes the program's name. Pure, except that
/// user and group names in uid= and gid= are looked up; opens no file, prints nothing.
CommandLine parse_command_line(const std::vector<std::string>& argv,
                               const Environment& environment);

/// Makes every path in `options` absolute, so that it means the same after the program detached.
void make_paths_absolute(Options& options, const std::string& current_directory);

/// The parts of an -o value: "a,b=c" with '\' before a comma that belongs to a value, and the
/// sloppy "a -o b" that some callers pass in one word.
std::vector<std::string> split_option_list(const std::string& list);
/// Its opposite.
std::string join_options(const std::vector<std::string>& options);

}  // namespace pailfs::cli
