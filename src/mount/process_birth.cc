// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/process_birth.h"

#include <signal.h>

#include <cerrno>
#include <string>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::mount {

std::optional<std::uint64_t> process_birth(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return std::nullopt;
  constexpr std::size_t kMost = 4096;
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", kMost);
  // The state, the third field, follows the name, which may hold blanks and brackets.
  const std::size_t bracket = stat ? stat->rfind(") ") : std::string::npos;
  if (bracket == std::string::npos) return 0;
  const std::vector<std::string> fields = split(stat->substr(bracket + 2), ' ');
  constexpr std::size_t kBirth = 22 - 3;
  if (fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  return fields.size() > kBirth ? parse_uint(fields[kBirth]).value_or(0) : 0;
}

bool is_alive(const MountRecord& record) {
  const auto birth = process_birth(record.pid);
  if (!birth) return false;
  return *birth == 0 || record.born == 0 || *birth == record.born;
}

}  // namespace pailfs::mount
