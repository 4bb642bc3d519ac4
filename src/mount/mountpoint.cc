// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/mountpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>
#include <vector>

#include "pailfs/mount/kernel_mount.h"
#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/process_birth.h"
#include "pailfs/mount/runtime_directory.h"
#include "pailfs/util/file.h"
#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"

#include "auto_unmount.h"
#include "fusermount.h"
#include "mount_failure.h"
#include "system_directory.h"

namespace pailfs::mount {
namespace {

bool mounted_by_us(const Config& config, const MountEntry& entry) {
  const std::vector<std::string> types = {"fuse." + config.subtype, "fuse.s3fs", "fuse.pailfs",
                                          "fuse.ossfs"};
  return std::find(types.begin(), types.end(), entry.type) != types.end();
}

bool is_dead(const std::string& path) {
  return is_connection_lost(mount_failure_at(path));
}

/// A FUSE mount whose process does not answer for so long counts as one that hangs.
constexpr std::chrono::seconds kAnswerTime{5};

std::string decimal(uid_t uid) {
  return std::to_string(uid);
}

/// fuse(4) as this process sees it: the node, its permissions and the device rules of a container.
Status check_device(const Environment& machine) {
  const UniqueFd device(::open(machine.fuse_device.c_str(), O_RDWR | O_CLOEXEC));
  if (device) return {};
  return device_error(errno, machine);
}

bool line_present(const std::string& file, std::string_view wanted) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    if (trim(line) == wanted) return true;
  }
  return false;
}

/// The command that allows it: distributions ship the file with the line commented out.
std::string allowing_command(const std::string& file) {
  if (line_present(file, "#user_allow_other")) {
    return "sudo sed -i 's/#user_allow_other/user_allow_other/' " + file;
  }
  return "echo user_allow_other | sudo tee -a " + file;
}

Status check_allow_other(const Config& config, const Environment& machine) {
  if (machine.may_mount) return {};
  for (const std::string& option : config.kernel_options) {
    if (option != "allow_other" && option != "allow_root") continue;
    if (line_present(machine.fuse_conf, "user_allow_other")) return {};
    return Error(EPERM, "option " + option + " only allowed if 'user_allow_other' is set in " +
                            machine.fuse_conf + "; run: " + allowing_command(machine.fuse_conf));
  }
  return {};
}

std::optional<MountRecord> living_record(const Environment& machine, const std::string& path) {
  if (machine.runtime.empty()) return std::nullopt;
  auto record = read_record(machine.runtime, path);
  return record && is_alive(*record) ? record : std::nullopt;
}

Error already_mounted(const Config& config, const Environment& machine, const std::string& path,
                      const MountEntry& entry) {
  const auto record = living_record(machine, path);
  if (!record) {
    return Error(EBUSY, "MOUNTPOINT " + path + " is already mounted (" + entry.source + ", type " +
                            entry.type + "); to unmount it: " +
                            (machine.may_mount ? "umount " : "fusermount3 -u ") + path);
  }
  const Identity& wanted = config.identity;
  std::string what = "bucket " + printable(record->what.source);
  if (record->what.source == wanted.source) {
    what = record->what.url == wanted.url
               ? "the same bucket with other options"
               : "a bucket of this name at " + printable(record->what.url);
  }
  return Error(EBUSY, "MOUNTPOINT " + path + " is already mounted (pailfs, pid " +
                          std::to_string(record->pid) + ", " + what +
                          "); to unmount it: " + program_name() + " umount " + path);
}

Result<Mountpoint> occupied(const Config& config, const Environment& machine,
                            const MountEntry& entry) {
  const auto record = living_record(machine, entry.mountpoint);
  const Identity& wanted = config.identity;
  if (record && record->pid == config.replaces) return Mountpoint::free;
  if (record && record->what.source == wanted.source && record->what.url == wanted.url &&
      record->what.options_digest == wanted.options_digest) {
    return Mountpoint::same_mounted;
  }
  return already_mounted(config, machine, entry.mountpoint, entry);
}

Error foreign_stale(const std::string& path) {
  return Error(ENOTCONN,
               "MOUNTPOINT " + path +
                   " is stale, the process that served it is gone; run: fusermount3 -uz " + path);
}

bool removable_by_us(const Config& config, const Environment& machine, const MountEntry& entry) {
  return mounted_by_us(config, entry) && (machine.may_mount || entry.user_id == machine.uid);
}

Status check_permissions(const std::string& path, const struct stat& stat,
                         const Environment& machine) {
  if (machine.may_mount || stat.st_uid == machine.uid) return {};
  // fusermount3's own rule: writable, and not a directory like /tmp.
  const bool usable = ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0;
  if (usable && (stat.st_mode & S_ISVTX) == 0) return {};
  return Error(EACCES, "MOUNTPOINT: " + path + " permission denied: it belongs to uid " +
                           decimal(stat.st_uid) + " and this is uid " + decimal(machine.uid) +
                           "; run: sudo chown " + decimal(machine.uid) + " " + path);
}

/// The files of a directory that is not empty are hidden: a warning, and an error where the machine
/// needs them.
Status check_hidden(const Config& config, const std::string& path) {
  if (config.covers_files) return {};
  std::error_code failure;
  const std::filesystem::directory_iterator first(path, failure);
  if (failure || first == std::filesystem::directory_iterator()) return {};
  if (is_system_directory(path)) {
    return Error(EBUSY, "MOUNTPOINT " + path +
                            " is a directory of the system, whose files a mount would hide; name "
                            "another directory, or add -o nonempty");
  }
  std::cerr << program_name() + ": warning: MOUNTPOINT " + path +
                   " is not empty; its files are hidden while the bucket is mounted\n";
  return {};
}

Result<Mountpoint> check_directory(const Config& config, const Environment& machine) {
  const std::string& given = config.mountpoint;
  const Result<std::string> path = absolute_mountpoint(given);
  if (!path) return path.error();
  if (*path == "/") {
    return Error(EBUSY, "MOUNTPOINT " + given +
                            " is the root of this machine, which a mount would hide; name a "
                            "directory, or run chroot or unshare first");
  }
  const auto mounted = find_mount(read_mountinfo(machine.mountinfo), *path);
  if (mounted && mounted->type.starts_with("fuse") && answer_of(*path, kAnswerTime) == ETIMEDOUT) {
    return Error(EBUSY, "MOUNTPOINT " + given + " is already mounted (" + mounted->source +
                            ", type " + mounted->type +
                            "), and its process does not answer; to give up on it: umount -l " +
                            *path);
  }
  struct stat stat {};
  int err = ::stat(path->c_str(), &stat) == 0 ? 0 : errno;
  if (err == 0 && mounted && mounted_by_us(config, *mounted)) err = mount_failure_at(*path);
  if (err != 0) {
    if (is_connection_lost(err)) {
      if (mounted && removable_by_us(config, machine, *mounted)) return Mountpoint::free;
      return foreign_stale(*path);
    }
    // A user may not look into another user's FUSE mount, not even as root.
    if (mounted && mounted_by_us(config, *mounted)) return occupied(config, machine, *mounted);
    return system_error(err, "unable to access MOUNTPOINT " + given);
  }
  if (!S_ISDIR(stat.st_mode)) {
    return Error(ENOTDIR, "MOUNTPOINT: " + given + " is not a directory");
  }
  if (mounted && mounted_by_us(config, *mounted)) return occupied(config, machine, *mounted);
  if (const Status allowed = check_permissions(given, stat, machine); !allowed) {
    return allowed.error();
  }
  // Looking into an automount trigger would start it.
  if (!mounted || mounted->type != "autofs") {
    if (const Status fine = check_hidden(config, *path); !fine) return fine.error();
  }
  return Mountpoint::free;
}

bool has_sys_admin() {
  constexpr unsigned kSysAdmin = 21;  // CAP_SYS_ADMIN, capability.h
  std::ifstream in("/proc/self/status");
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("CapEff:")) continue;
    const auto bits = parse_uint(trim(std::string_view(line).substr(7)), 16);
    return bits && ((*bits >> kSysAdmin) & 1U) != 0;
  }
  return false;
}

std::string runtime_or_none() {
  const Result<std::string> directory = runtime_directory();
  return directory ? *directory : "";
}

bool exists(const char* path) {
  return ::access(path, F_OK) == 0;
}

}  // namespace

int answer_of(const std::string& path, std::chrono::milliseconds limit) {
  const pid_t child = ::fork();
  if (child < 0) return 0;
  if (child == 0) {
    struct stat stat {};
    ::_exit(::stat(path.c_str(), &stat) == 0 ? 0 : errno);
  }
  int status = 0;
  constexpr std::chrono::milliseconds kPause{10};
  for (auto waited = kPause - kPause; waited < limit; waited += kPause) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended != 0) return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    std::this_thread::sleep_for(kPause);
  }
  ::kill(child, SIGKILL);
  return ETIMEDOUT;
}

Environment this_machine() {
  Environment machine;
  machine.uid = ::geteuid();
  machine.may_mount = machine.uid == 0 || has_sys_admin();
  machine.fusermount = find_fusermount();
  machine.runtime = runtime_or_none();
  machine.in_container = exists("/.dockerenv") || exists("/run/.containerenv") ||
                         std::getenv("KUBERNETES_SERVICE_HOST") != nullptr ||
                         std::getenv("container") != nullptr;
  return machine;
}

std::optional<int> passed_descriptor(const std::string& mountpoint) {
  constexpr std::string_view kPrefix = "/dev/fd/";
  if (!mountpoint.starts_with(kPrefix)) return std::nullopt;
  const auto number = parse_uint(std::string_view(mountpoint).substr(kPrefix.size()));
  if (!number || *number > 1'000'000'000) return std::nullopt;
  return static_cast<int>(*number);
}

Result<std::string> absolute_mountpoint(const std::string& path) {
  if (path.empty()) return Error(ENOENT, "missing MOUNTPOINT argument");
  if (char* resolved = ::realpath(path.c_str(), nullptr)) {
    std::string result = resolved;
    ::free(resolved);
    return result;
  }
  const int err = errno;
  // A dead mount may not even be resolved; its parent can.
  std::string_view rest = path;
  while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = rest.rfind('/');
  const std::string parent(slash == std::string_view::npos ? "." : rest.substr(0, slash + 1));
  if (is_connection_lost(err) || err == EACCES) {
    if (char* resolved = ::realpath(parent.c_str(), nullptr)) {
      std::string result = resolved;
      ::free(resolved);
      if (result != "/") result += '/';
      result += rest.substr(slash == std::string_view::npos ? 0 : slash + 1);
      return result;
    }
  }
  Error error = system_error(err, "unable to access MOUNTPOINT " + path);
  if (err == ENOENT) error.text += "; run: mkdir -p " + path + ", or add -o mkdir";
  return error;
}

Status make_mountpoint(const std::string& path) {
  if (passed_descriptor(path)) return {};
  std::error_code failure;
  // The directory of a dead mount exists, though system calls for it fail.
  if (std::filesystem::create_directories(path, failure) || !failure || is_dead(path)) return {};
  return system_error(failure.value(), "option mkdir: cannot make MOUNTPOINT " + path);
}

Result<Mountpoint> check_mountpoint(const Config& config, const Environment& machine) {
  if (passed_descriptor(config.mountpoint)) return Mountpoint::free;
  const Result<Mountpoint> found = check_directory(config, machine);
  if (!found || *found == Mountpoint::same_mounted) return found;
  if (const Status device = check_device(machine); !device) return device.error();
  if (!machine.may_mount && machine.fusermount.empty()) return no_fusermount_error();
  if (const Status allowed = check_allow_other(config, machine); !allowed) return allowed.error();
  return found;
}

Result<Mountpoint> check_mountpoint(const Config& config) {
  return check_mountpoint(config, this_machine());
}

Status refuse_second_mount(const Config& config, const Environment& machine,
                           const std::string& path) {
  const auto mounted = find_mount(read_mountinfo(machine.mountinfo), path);
  if (!mounted || !mounted_by_us(config, *mounted)) return {};
  return already_mounted(config, machine, path, *mounted);
}

Status clear_stale(const Config& config, const Environment& machine, const std::string& path) {
  // Several dead mounts may lie on top of each other.
  for (int layer = 0; layer < 16; ++layer) {
    const auto mounted = find_mount(read_mountinfo(machine.mountinfo), path);
    // A look at another type of mount might start an automount.
    if (!mounted || !mounted->type.starts_with("fuse") || !is_dead(path)) return {};
    if (!removable_by_us(config, machine, *mounted)) return foreign_stale(path);
    if (!unmount_lazily(machine, path)) return foreign_stale(path);
  }
  return {};
}

}  // namespace pailfs::mount
