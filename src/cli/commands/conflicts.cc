// SPDX-License-Identifier: Apache-2.0
#include "conflicts.h"

#include <algorithm>
#include <cerrno>
#include <iostream>

#include "pailfs/cache/kept_conflicts.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

/// The bytes that are known, of a file of which some are not: "bytes 3-9, 20-29 of 40".
std::string known_part(const cache::Conflict& what) {
  std::string text;
  std::uint64_t known = 0;
  for (const Range& range : what.ranges) {
    known += range.size();
    text += (text.empty() ? "bytes " : ", ") + std::to_string(range.begin) + "-" +
            std::to_string(range.end - 1);
  }
  if (known == what.size) return human_size(what.size);
  return (text.empty() ? "no byte" : text) + " of " + std::to_string(what.size);
}

/// The directory is that of all mounts of the bucket that keep their local files in one place.
std::string owner(const cache::Conflict& what, const std::string& mountpoint) {
  if (what.mount.empty()) return "of a mount that is not known";
  return what.mount == mountpoint ? "of this mount" : "of the mount on " + printable(what.mount);
}

std::string summary(const std::vector<cache::KeptConflict>& kept, const std::string& mountpoint) {
  if (kept.empty()) return "no conflicts";
  const auto own = static_cast<std::size_t>(std::count_if(
      kept.begin(), kept.end(),
      [&](const cache::KeptConflict& each) { return each.what.mount == mountpoint; }));
  return std::to_string(kept.size()) + (kept.size() == 1 ? " conflict: " : " conflicts: ") +
         std::to_string(own) + " of this mount, " + std::to_string(kept.size() - own) +
         " of other mounts of the bucket";
}

void print_text(const std::vector<cache::KeptConflict>& kept, const std::string& mountpoint) {
  for (const cache::KeptConflict& each : kept) {
    std::cout << printable(each.name) << "  " << iso8601_millis(each.what.time) << "  "
              << printable(each.what.key);
    // A change without bytes, as of a name or a mode, has no file.
    if (!each.path.empty()) {
      std::cout << "  (" << known_part(each.what) << ")\n    " << printable(each.path);
    }
    std::cout << "\n    " << owner(each.what, mountpoint) << "\n    " << printable(each.what.why)
              << "\n";
  }
  std::cout << summary(kept, mountpoint) << "\n";
}

void print_json(const std::vector<cache::KeptConflict>& kept) {
  JsonWriter json;
  json.begin_array();
  for (const cache::KeptConflict& each : kept) {
    json.begin_object().member("name", each.name).member("key", each.what.key);
    json.member("time", iso8601_millis(each.what.time)).member("why", each.what.why);
    json.member("mount", each.what.mount).member("file", each.path);
    json.member("size", each.what.size).key("ranges").begin_array();
    for (const Range& range : each.what.ranges) {
      json.begin_object().member("begin", range.begin).member("end", range.end).end_object();
    }
    json.end_array().end_object();
  }
  std::cout << json.end_array().text() << "\n";
}

Result<std::string> directory_of(const std::string& mountpoint) {
  auto client = ask(mountpoint, "conflicts");
  if (!client) return client.error();
  auto text = client->rest(kSilence);
  if (!text) return text;
  std::string directory(trim(*text));
  // An older process of the mount does not know the question.
  if (!directory.starts_with('/')) return Error{EPROTO, mountpoint + ": " + printable(directory)};
  return directory;
}

}  // namespace

int run_conflicts(const Command& command, const Environment& /*environment*/) {
  const auto found = find_living_mount(command.mountpoint);
  if (!found) return complain(found.error().text, Exit::local);
  const auto directory = directory_of(found->mountpoint);
  if (!directory) return complain(directory.error().text, Exit::local);
  const auto conflicts = cache::KeptConflicts::open(*directory);
  if (!conflicts) return complain(conflicts.error().text, Exit::local);
  if (command.forget) {
    const Status forgotten = conflicts->forget(*command.forget);
    return forgotten ? 0 : complain(forgotten.error().text, Exit::local);
  }
  const auto kept = conflicts->list();
  command.json ? print_json(kept) : print_text(kept, found->mountpoint);
  return 0;
}

}  // namespace pailfs::cli
