// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode));
  return text.data();
}

std::optional<mode_t> parse_mode(std::string_view value) {
  const auto number = parse_uint(value, 8);
  if (!number || *number > 07777) return std::nullopt;
  return static_cast<mode_t>(*number);
}

std::string not_octal(std::string_view name, std::string_view value) {
  return "option " + std::string(name) + ": \"" + printable(value) +
         "\" is not an octal number of permission bits";
}

std::string set_umask(Options& options, std::string_view value) {
  const auto mode = parse_mode(value);
  if (!mode) return not_octal("umask", value);
  options.fs.umask = *mode & 0777U;
  return {};
}

std::string set_mount_umask(Options& options, std::string_view value) {
  const auto mode = parse_mode(value);
  if (!mode) return not_octal("mp_umask", value);
  options.fs.mount_umask = *mode & 0777U;
  return {};
}

std::string set_uid(Options& options, std::string_view value) {
  if (const auto number = parse_uint(value); number && *number < 0xffffffffU) {
    options.fs.uid = static_cast<uid_t>(*number);
    return {};
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): options are read before there is another thread
  const passwd* user = getpwnam(std::string(value).c_str());
  if (user == nullptr) {
    return "option uid: \"" + printable(value) + "\" is neither a number nor a user here";
  }
  options.fs.uid = user->pw_uid;
  return {};
}

std::string set_gid(Options& options, std::string_view value) {
  if (const auto number = parse_uint(value); number && *number < 0xffffffffU) {
    options.fs.gid = static_cast<gid_t>(*number);
    return {};
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const group* entry = getgrnam(std::string(value).c_str());
  if (entry == nullptr) {
    return "option gid: \"" + printable(value) + "\" is neither a number nor a group here";
  }
  options.fs.gid = entry->gr_gid;
  return {};
}

std::string set_bucket_size(Options& options, std::string_view value) {
  const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  const auto number = parse_uint(value.substr(0, digits));
  const std::string_view unit = value.substr(digits);
  static constexpr std::string_view kPrefixes = "KMGTPE";
  std::uint64_t factor = 1;
  bool known = number.has_value() && *number > 0;
  if (!unit.empty()) {
    const bool binary = unit.size() == 3 && unit.substr(1) == "iB";
    const bool decimal = unit.size() == 2 && unit.substr(1) == "B";
    const std::size_t power = kPrefixes.find(unit.front());
    known = known && power >= 2 && power != std::string_view::npos && (binary || decimal);
    for (std::size_t i = 0; known && i <= power; ++i) factor *= binary ? 1024U : 1000U;
  }
  std::uint64_t size = 0;
  if (!known || __builtin_mul_overflow(*number, factor, &size)) {
    return "invalid bucket_size option: \"" + printable(value) +
           "\" is not a size like 500GB or 2TiB";
  }
  options.fs.size_shown = size;
  return {};
}

std::string set_rw(Options& options, std::string_view /*value*/) {
  options.fs.read_only = false;
  return {};
}

std::string set_debug(Options& options, std::string_view /*value*/) {
  options.mount.debug = true;
  options.foreground = true;
  return {};
}

// NOLINTNEXTLINE(readability-function-size): a table
void add_permission_options(std::vector<OptionSpec>& table) {
  const Group group = Group::permissions;
  table.insert(
      table.end(),
      {
          {"allow_other", "", group, Flag{[](Options& o) -> bool& { return o.fs.allow_other; }},
           "Let other users see the mount. Needs user_allow_other in /etc/fuse.conf unless root "
           "mounts."},
          {"uid", "USER", group,
           Custom{set_uid,
                  [](const Options& o) { return o.fs.uid ? std::to_string(*o.fs.uid) : ""; }},
           "Show this user, a number or a name, as owner of everything. Never stored."},
          {"gid", "GROUP", group,
           Custom{set_gid,
                  [](const Options& o) { return o.fs.gid ? std::to_string(*o.fs.gid) : ""; }},
           "Show this group, a number or a name, as group of everything. Never stored."},
          {"umask", "OCTAL", group,
           Custom{set_umask, [](const Options& o) { return o.fs.umask ? octal(*o.fs.umask) : ""; }},
           "Show permissions 0777 without these bits for everything, directories and files alike. "
           "Never stored."},
          {"mp_umask", "OCTAL", group,
           Custom{set_mount_umask,
                  [](const Options& o) { return octal(o.fs.mount_umask.value_or(0)); }},
           "Permission bits that the root of the mount lacks when allow_other is given, whatever "
           "an object for it says."},
          {"use_xattr", "[0|1]", group, Flag{[](Options& o) -> bool& { return o.fs.use_xattr; }},
           "Keep extended attributes, as user metadata of the object."},
          {"use_wtf8", "", group, Flag{[](Options& o) -> bool& { return o.fs.use_wtf8; }},
           "Store bytes of names that are not UTF-8 as private code points, U+E000 and up."},
          {"compat_dir", "", group, Flag{[](Options& o) -> bool& { return o.fs.compat_dir; }},
           "See directories in old forms too: objects DIR_$folder$, and empty objects DIR of other "
           "programs that names lie below. Each becomes DIR/ when it is changed. Names that end in "
           "_$folder$ can then not be made."},
          {"update_parent_dir_stat", "", group,
           Flag{[](Options& o) -> bool& { return o.fs.update_parent_dir_stat; }},
           "Store a directory's new times whenever a name in it comes or goes: one request more."},
          {"bucket_size", "SIZE", group,
           Custom{set_bucket_size,
                  [](const Options& o) {
                    return o.fs.size_shown > 0 ? std::to_string(o.fs.size_shown) : "";
                  }},
           "Size that df shows: bytes, or a number with GB, GiB, TB, TiB, PB, PiB, EB or EiB."},
      });
}

// NOLINTNEXTLINE(readability-function-size): a table
void add_kernel_options(std::vector<OptionSpec>& table) {
  const Group group = Group::mount;
  table.insert(
      table.end(),
      {
          {"ro", "", group, Flag{[](Options& o) -> bool& { return o.fs.read_only; }},
           "Mount read-only."},
          {"rw", "", group, Custom{set_rw}, "Mount for reading and writing, the default."},
          {"nonempty", "", group, Flag{[](Options& o) -> bool& { return o.mount.covers_files; }},
           "Hide the files of a mountpoint that is not empty without a warning, also those of a "
           "directory of the system such as /home."},
          {"remount", "", group, Flag{[](Options& o) -> bool& { return o.remount; }},
           "Change the options of the mount that is there, as pailfs remount does. For mount "
           "-o remount."},
          {"fsname", "NAME", group, Text{[](Options& o) -> std::string& { return o.mount.fsname; }},
           "Source shown in the mount table."},
          {"subtype", "NAME", group,
           Text{[](Options& o) -> std::string& { return o.mount.subtype; }},
           "Type shown in the mount table as fuse.NAME."},
          {"allow_root", "", group, Kernel{},
           "Let root, beside the user who mounts, see the mount."},
          {"auto_unmount", "", group, Kernel{}, "Unmount when the program ends in any way."},
          {"max_read", "BYTES", group, Kernel{}, "Largest read request of the kernel."},
          {"noatime", "", group, Kernel{}, "Mount flag of the kernel.",
           "atime noexec exec nosuid suid nodev dev sync async dirsync"},
          {"attr_timeout", "SECONDS", group,
           Duration{[](Options& o) -> double& { return o.mount.attribute_seconds; }},
           "How long the kernel may keep attributes."},
          {"entry_timeout", "SECONDS", group,
           Duration{[](Options& o) -> double& { return o.mount.entry_seconds; }},
           "How long the kernel may keep names."},
          {"negative_timeout", "SECONDS", group,
           Duration{[](Options& o) -> double& { return o.mount.negative_seconds; }},
           "How long the kernel may keep the absence of names."},
          {"max_background", "N", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.max_background; }},
           "Requests that the kernel may have waiting here."},
          {"congestion_threshold", "N", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.congestion_threshold; }, 0},
           "Waiting requests from which the kernel holds back read-ahead; 0 for three quarters of "
           "max_background."},
          {"max_readahead", "BYTES", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.max_readahead; }, 0},
           "Most that the kernel reads ahead; 0 for what is best: 1 MiB when root mounts, else the "
           "128 KiB that the kernel offers."},
          {"max_write", "BYTES", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.max_write; }},
           "Largest write request of the kernel."},
          {"max_threads", "N", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.max_threads; }},
           "Requests of the kernel that are served at a time; further ones wait."},
          {"max_idle_threads", "N", group,
           Unsigned{[](Options& o) -> unsigned& { return o.mount.max_idle_threads; }, 0},
           "Threads kept while there is nothing to do; 0 for as many as max_threads."},
          {"clone_fd", "", group, Flag{[](Options& o) -> bool& { return o.mount.clone_fd; }},
           "A descriptor of /dev/fuse for each thread."},
          {"direct_io", "", group, Flag{[](Options& o) -> bool& { return o.mount.direct_io; }},
           "Past the kernel's page cache: every read and write comes here."},
          {"kernel_cache", "", group,
           Flag{[](Options& o) -> bool& { return o.mount.kernel_cache; }},
           "Keep the kernel's page cache of a file although it may have changed in the store. Only "
           "for buckets that no other client writes to."},
          {"mkdir", "", group, Flag{[](Options& o) -> bool& { return o.make_mountpoint; }},
           "Make the mountpoint, and the directories above it, if it is missing."},
          {"run_as", "USER", group, Text{[](Options& o) -> std::string& { return o.run_as; }},
           "Become this user, a name or a number, before anything else is done: as if the user had "
           "given the command. For root, who mounts at boot.",
           "setuid"},
          {"bg", "", group, Flag{[](Options& o) -> bool& { return o.connect_later; }},
           "Mount at once and go on in the background with looking for keys and asking for the "
           "bucket; what fails is in the log, and meanwhile files give errors. Without it the "
           "command waits until the bucket was reached.",
           "nocheck"},
          {"mount_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.mount_timeout; }},
           "Longest time until the mount must be usable; after it the attempt is given up, exit "
           "status "
           "7."},
          {"umount_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.umount_timeout; }},
           "When the mount ends (SIGTERM, umount), longest time in which no byte is exchanged with "
           "the store before it is given up; what is not stored is then listed in the log."},
          {"debug", "", group, Custom{set_debug},
           "Stay in the foreground and trace every request of the kernel."},
      });
}

}  // namespace

void add_mount_options(std::vector<OptionSpec>& table) {
  add_permission_options(table);
  add_kernel_options(table);
}

}  // namespace pailfs::cli
