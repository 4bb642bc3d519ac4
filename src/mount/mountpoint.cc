// SPDX-License-Identifier: Apache-2.0
#include "mountpoint.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "mount_failure.h"
#include "mount_table.h"

namespace pailfs::mount {
namespace {

bool mounted_by_us(const Config& config, const MountEntry& entry) {
  const std::vector<std::string> types = {"fuse." + config.subtype, "fuse.s3fs", "fuse.pailfs"};
  return std::find(types.begin(), types.end(), entry.type) != types.end();
}

bool is_dead(const std::string& path) {
  struct stat stat {};
  return ::stat(path.c_str(), &stat) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

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

Status check_allow_other(const Config& config, const Environment& machine) {
  if (machine.may_mount) return {};
  for (const std::string& option : config.kernel_options) {
    if (option != "allow_other" && option != "allow_root") continue;
    if (line_present(machine.fuse_conf, "user_allow_other")) return {};
    return Error(EPERM, "option " + option + " only allowed if 'user_allow_other' is set in " +
                            machine.fuse_conf + "; run: echo user_allow_other | sudo tee -a " +
                            machine.fuse_conf);
  }
  return {};
}

Error already_mounted(const std::string& path, const MountEntry& entry) {
  return Error(EBUSY, "MOUNTPOINT " + path + " is already mounted (" + entry.source + ", type " +
                          entry.type + "); to unmount it: umount " + path);
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

void warn_when_not_empty(const std::string& path) {
  std::error_code failure;
  const std::filesystem::directory_iterator first(path, failure);
  if (failure || first == std::filesystem::directory_iterator()) return;
  std::cerr << "pailfs: warning: MOUNTPOINT " << path
            << " is not empty; its files are hidden while the bucket is mounted" << std::endl;
}

Status check_directory(const Config& config, const Environment& machine) {
  const std::string& given = config.mountpoint;
  const Result<std::string> path = absolute_mountpoint(given);
  if (!path) return path.error();
  const auto mounted = find_mount(read_mountinfo(machine.mountinfo), *path);
  struct stat stat {};
  if (::stat(path->c_str(), &stat) != 0) {
    const int err = errno;
    if (err == ENOTCONN || err == ECONNABORTED) {
      if (mounted && removable_by_us(config, machine, *mounted)) return {};
      return foreign_stale(*path);
    }
    // A user may not look into another user's FUSE mount, not even as root.
    if (mounted && mounted_by_us(config, *mounted)) return already_mounted(*path, *mounted);
    return system_error(err, "unable to access MOUNTPOINT " + given);
  }
  if (!S_ISDIR(stat.st_mode)) {
    return Error(ENOTDIR, "MOUNTPOINT: " + given + " is not a directory");
  }
  if (mounted && mounted_by_us(config, *mounted)) return already_mounted(*path, *mounted);
  if (const Status allowed = check_permissions(given, stat, machine); !allowed) return allowed;
  // Looking into an automount trigger would start it.
  if (!mounted || mounted->type != "autofs") warn_when_not_empty(*path);
  return {};
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

bool find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string directories = path == nullptr ? "" : path;
  directories += ":/usr/bin:/bin:/usr/local/bin";
  for (const std::string& directory : split(directories, ':')) {
    if (directory.empty()) continue;
    const std::string file = directory + "/" + std::string(name);
    if (::access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool exists(const char* path) {
  return ::access(path, F_OK) == 0;
}

Status unmount_lazily(const Environment& machine, const std::string& path) {
  if (machine.may_mount) {
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
    return system_error(errno, "unmount the stale MOUNTPOINT " + path);
  }
  std::vector<std::string> words = {"fusermount3", "-u", "-z", "-q", "--", path};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failure =
      ::posix_spawnp(&child, "fusermount3", nullptr, nullptr, arguments.data(), environ);
  if (failure != 0) return system_error(failure, "run fusermount3");
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (state == 0) return {};
  return foreign_stale(path);
}

}  // namespace

Environment this_machine() {
  Environment machine;
  machine.uid = ::geteuid();
  machine.may_mount = machine.uid == 0 || has_sys_admin();
  machine.has_fusermount = find_program("fusermount3");
  machine.in_container = exists("/.dockerenv") || exists("/run/.containerenv") ||
                         std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
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
  if (err == ENOTCONN || err == ECONNABORTED || err == EACCES) {
    if (char* resolved = ::realpath(parent.c_str(), nullptr)) {
      std::string result = resolved;
      ::free(resolved);
      if (result != "/") result += '/';
      result += rest.substr(slash == std::string_view::npos ? 0 : slash + 1);
      return result;
    }
  }
  Error error = system_error(err, "unable to access MOUNTPOINT " + path);
  if (err == ENOENT) error.text += "; run: mkdir -p " + path;
  return error;
}

Status check_mountpoint(const Config& config, const Environment& machine) {
  if (passed_descriptor(config.mountpoint)) return {};
  if (const Status directory = check_directory(config, machine); !directory) return directory;
  if (const Status device = check_device(machine); !device) return device;
  if (!machine.may_mount && !machine.has_fusermount) return no_fusermount_error();
  return check_allow_other(config, machine);
}

Status check_mountpoint(const Config& config) {
  return check_mountpoint(config, this_machine());
}

Status clear_stale(const Config& config, const Environment& machine, const std::string& path) {
  // More than one may lie on top of each other.
  for (int layer = 0; layer < 16 && is_dead(path); ++layer) {
    const auto mounted = find_mount(read_mountinfo(machine.mountinfo), path);
    if (!mounted || !removable_by_us(config, machine, *mounted)) return foreign_stale(path);
    if (const Status gone = unmount_lazily(machine, path); !gone) return gone;
  }
  return {};
}

}  // namespace pailfs::mount
