// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/mount_words.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

/// Words that are the kernel's default already, or that mean nothing to a FUSE mount.
constexpr std::array<std::string_view, 9> kDropped = {
    "defaults",   "relatime", "norelatime", "strictatime",        "lazytime",
    "nolazytime", "diratime", "nonempty",   "default_permissions"};

struct FlagWord {
  std::string_view word;
  unsigned long flag;
  bool sets;
  bool root_only = false;
};
constexpr FlagWord kFlags[] = {
    {"ro", MS_RDONLY, true},          {"rw", MS_RDONLY, false},      {"nosuid", MS_NOSUID, true},
    {"suid", MS_NOSUID, false, true}, {"nodev", MS_NODEV, true},     {"dev", MS_NODEV, false, true},
    {"noexec", MS_NOEXEC, true},      {"exec", MS_NOEXEC, false},    {"sync", MS_SYNCHRONOUS, true},
    {"async", MS_SYNCHRONOUS, false}, {"noatime", MS_NOATIME, true}, {"atime", MS_NOATIME, false},
    {"dirsync", MS_DIRSYNC, true},
};

bool set_flag(std::string_view word, bool may_mount, unsigned long& flags) {
  for (const FlagWord& row : kFlags) {
    if (row.word != word) continue;
    if (row.root_only && !may_mount) return true;
    flags = row.sets ? flags | row.flag : flags & ~row.flag;
    return true;
  }
  return false;
}

/// VALUE of "name=VALUE".
std::optional<std::string_view> value_of(std::string_view word, std::string_view name) {
  if (!word.starts_with(name) || word.substr(name.size(), 1) != "=") return std::nullopt;
  return word.substr(name.size() + 1);
}

void add_word(std::string& list, std::string_view word) {
  if (!list.empty()) list += ',';
  for (const char c : word) {
    if (c == ',' || c == '\\') list += '\\';
    list += c;
  }
}

std::string program_words(const MountWords& words, const std::string& subtype) {
  std::string list;
  if ((words.flags & MS_RDONLY) == 0) add_word(list, "rw");
  for (const FlagWord& row : kFlags) {
    if (row.sets && (words.flags & row.flag) != 0) add_word(list, row.word);
  }
  list += "," + words.data;
  add_word(list, "fsname=" + words.source);
  add_word(list, "subtype=" + subtype);
  return list;
}

}  // namespace

Result<MountWords> mount_words(const Config& config, bool may_mount) {
  MountWords words;
  words.source = config.fsname;
  words.flags = MS_NOSUID | MS_NODEV;
  std::string subtype = config.subtype;
  std::string max_read;
  bool allow_other = false;
  bool allow_root = false;
  for (const std::string& option : config.kernel_options) {
    if (const auto value = value_of(option, "fsname")) {
      words.source = *value;
    } else if (const auto type = value_of(option, "subtype")) {
      subtype = *type;
    } else if (const auto bytes = value_of(option, "max_read")) {
      if (!parse_uint(*bytes)) {
        return Error(EINVAL, "option max_read: \"" + printable(*bytes) + "\" is not a number");
      }
      max_read = *bytes;
    } else if (option == "allow_other") {
      allow_other = true;
    } else if (option == "allow_root") {
      allow_root = true;
    } else if (option == "auto_unmount") {
      words.auto_unmount = true;
    } else if (!option.empty() && !set_flag(option, may_mount, words.flags) &&
               std::find(kDropped.begin(), kDropped.end(), option) == kDropped.end()) {
      return Error(EINVAL, "unknown mount option \"" + printable(option) + "\"");
    }
  }
  words.type = "fuse." + subtype;
  words.data = "default_permissions";
  // For the kernel allow_root is allow_other; libfuse then lets in only root and the mounting user.
  if (allow_other || allow_root) words.data += ",allow_other";
  if (!max_read.empty()) words.data += ",max_read=" + max_read;
  words.for_program = program_words(words, subtype);
  words.for_libfuse = {"pailfs"};
  const auto tell_libfuse = [&](bool needed, const char* word) {
    if (needed) words.for_libfuse.insert(words.for_libfuse.end(), {"-o", word});
  };
  tell_libfuse(allow_root && !allow_other, "allow_root");
  tell_libfuse(config.debug, "debug");
  return words;
}

}  // namespace pailfs::mount
