// SPDX-License-Identifier: Apache-2.0
#include "session_arguments.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace pailfs::mount {
namespace {

/// The kernel's default already, or no business of a FUSE mount.
constexpr std::array<std::string_view, 8> kDropped = {"defaults",    "relatime", "norelatime",
                                                      "strictatime", "lazytime", "nolazytime",
                                                      "diratime",    "nonempty"};
constexpr std::array<std::string_view, 2> kRootOnly = {"dev", "suid"};
constexpr std::string_view kFsname = "fsname=";
constexpr std::string_view kSubtype = "subtype=";

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string escape(std::string_view option) {
  std::string result;
  for (const char c : option) {
    if (c == ',' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result;
}

}  // namespace

std::vector<std::string> session_arguments(const Config& config, bool root) {
  std::string fsname = config.fsname;
  std::string subtype = config.subtype;
  std::vector<std::string> options = {"default_permissions"};
  for (const std::string& option : config.kernel_options) {
    if (option.starts_with(kFsname)) {
      fsname = option.substr(kFsname.size());
    } else if (option.starts_with(kSubtype)) {
      subtype = option.substr(kSubtype.size());
    } else if (!option.empty() && option != "default_permissions" && !contains(kDropped, option) &&
               (root || !contains(kRootOnly, option))) {
      options.push_back(option);
    }
  }
  options.push_back(std::string(kFsname) + fsname);
  options.push_back(std::string(kSubtype) + subtype);
  if (config.debug) options.emplace_back("debug");

  std::vector<std::string> arguments = {"pailfs"};
  for (const std::string& option : options) {
    arguments.emplace_back("-o");
    arguments.push_back(escape(option));
  }
  return arguments;
}

}  // namespace pailfs::mount
