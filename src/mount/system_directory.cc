// SPDX-License-Identifier: Apache-2.0
#include "system_directory.h"

#include <algorithm>
#include <array>

namespace pailfs::mount {
namespace {

constexpr std::array<std::string_view, 18> kSystem{
    "/bin",  "/boot", "/dev",  "/etc", "/home", "/lib", "/lib32", "/lib64",   "/proc",
    "/root", "/run",  "/sbin", "/sys", "/tmp",  "/usr", "/var",   "/var/lib", "/var/tmp"};
constexpr std::string_view kPrograms = "/usr/";

}  // namespace

bool is_system_directory(std::string_view path) {
  if (std::find(kSystem.begin(), kSystem.end(), path) != kSystem.end()) return true;
  return path.starts_with(kPrograms) && path.find('/', kPrograms.size()) == path.npos;
}

}  // namespace pailfs::mount
