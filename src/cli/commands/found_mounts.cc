// SPDX-License-Identifier: Apache-2.0
#include "found_mounts.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "pailfs/fuse/greetings.h"
#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/text.h"

#include "mount_process.h"

namespace pailfs::cli {
namespace {

using Records = std::vector<mount::MountRecord>;
using std::chrono::steady_clock;

/// For a directory to answer, and for a process.
constexpr std::chrono::seconds kPatience{1};

bool is_looked_for(const mount::MountRecord& record) {
  return record.has_passed_descriptor() && is_ours(record);
}

/// Directories with a FUSE mount of which no record tells.
std::vector<std::string> unknown_mounts(const Records& records) {
  std::vector<std::string> found;
  for (const std::string& line : split(mount::read_mountinfo("/proc/self/mountinfo"), '\n')) {
    const auto entry = mount::parse_mountinfo_line(line);
    if (!entry || (entry->type != "fuse" && !entry->type.starts_with("fuse."))) continue;
    const auto is_there = [&](const mount::MountRecord& record) {
      return record.mountpoint == entry->mountpoint;
    };
    const bool twice = std::find(found.begin(), found.end(), entry->mountpoint) != found.end();
    if (twice || std::any_of(records.begin(), records.end(), is_there)) continue;
    found.push_back(entry->mountpoint);
  }
  return found;
}

bool has_heard(const mount::MountRecord& record, const std::string& name,
               const std::string& mountpoint) {
  auto client = ask(record.mountpoint, "greeted " + percent_encode(name, true) + " " +
                                           percent_encode(mountpoint, true));
  const auto line = client ? client->next(steady_clock::now() + kPatience)
                           : Result<std::optional<std::string>>(client.error());
  return line && line->value_or("") == "yes";
}

}  // namespace

Records find_mounts() {
  Records records = mount::list_everybodys_records();
  if (std::none_of(records.begin(), records.end(), is_looked_for)) return records;
  SystemRandom random;
  for (const std::string& mountpoint : unknown_mounts(records)) {
    const std::string name = std::string(fuse::Greetings::kPrefix) + std::to_string(random.next());
    static_cast<void>(mount::answer_of(mountpoint + "/" + name, kPatience));
    for (mount::MountRecord& record : records) {
      if (is_looked_for(record) && has_heard(record, name, mountpoint)) {
        record.mountpoint = mountpoint;
        break;
      }
    }
  }
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.mountpoint < b.mountpoint; });
  return records;
}

std::string name_of(const mount::MountRecord& record) {
  if (!record.is_placeless()) return printable(record.mountpoint);
  return record.has_passed_descriptor() ? "a directory that is not seen from here"
                                        : "no directory any more, with open files";
}

}  // namespace pailfs::cli
