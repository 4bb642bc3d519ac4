// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/mount_table.h"

#include <fstream>
#include <sstream>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

/// Blanks, tabs, newlines and backslashes stand as \ooo in the table.
std::string unescape(std::string_view field) {
  std::string result;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool escape = field[i] == '\\' && i + 3 < field.size();
    const auto code = escape ? parse_uint(field.substr(i + 1, 3), 8) : std::nullopt;
    if (code && *code < 256) {
      result.push_back(static_cast<char>(*code));
      i += 3;
    } else {
      result.push_back(field[i]);
    }
  }
  return result;
}

std::optional<uid_t> user_id_of(std::string_view options) {
  constexpr std::string_view kKey = "user_id=";
  for (const std::string& option : split(options, ',')) {
    if (!option.starts_with(kKey)) continue;
    if (const auto id = parse_uint(std::string_view(option).substr(kKey.size()))) {
      return static_cast<uid_t>(*id);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<MountEntry> parse_mountinfo_line(std::string_view line) {
  // ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [optional fields] - TYPE SOURCE SUPER_OPTIONS
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  const std::vector<std::string> before = split(line.substr(0, separator), ' ');
  const std::vector<std::string> after = split(line.substr(separator + 3), ' ');
  if (before.size() < 6 || after.size() < 2) return std::nullopt;
  MountEntry entry;
  entry.device = before[2];
  entry.mountpoint = unescape(before[4]);
  entry.type = unescape(after[0]);
  entry.source = unescape(after[1]);
  entry.options = before[5];
  if (after.size() > 2) {
    entry.options += "," + after[2];
    entry.user_id = user_id_of(after[2]);
  }
  return entry;
}

std::optional<MountEntry> find_mount(std::string_view mountinfo, std::string_view path) {
  std::optional<MountEntry> found;
  for (const std::string& line : split(mountinfo, '\n')) {
    std::optional<MountEntry> entry = parse_mountinfo_line(line);
    if (entry && entry->mountpoint == path) found = std::move(entry);
  }
  return found;
}

std::string read_mountinfo(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace pailfs::mount
