// SPDX-License-Identifier: Apache-2.0
#include "refresh.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

/// Without symbolic links, but for the last part: the path may lead to nothing yet.
std::string without_links(const std::string& typed) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(typed, failed).lexically_normal();
  const auto above = std::filesystem::canonical(whole.parent_path(), failed);
  std::string path = failed ? whole.string() : (above / whole.filename()).string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<PlaceInMount> find_place(const std::string& typed) {
  const auto mounts = mount::list_everybodys_records();
  auto place = place_in(mounts, without_links(typed));
  if (!place) {
    // The last part may be a symbolic link to a mountpoint.
    std::error_code failed;
    const auto whole = std::filesystem::canonical(typed, failed);
    if (!failed) place = place_in(mounts, whole.string());
  }
  if (!place) return Error(EINVAL, printable(typed) + " is in no mount of pailfs");
  return std::move(*place);
}

/// The answer of the mount's process: its remark, mostly an empty one.
Result<std::string> refresh(const std::string& typed) {
  const auto place = find_place(typed);
  if (!place) return place.error();
  const auto mount = find_living_mount(place->mountpoint);
  if (!mount) return mount.error();
  auto client = ask(mount->mountpoint, "refresh " + percent_encode(place->path, true));
  if (!client) return client.error();
  const auto line = client->next(std::chrono::steady_clock::now() + kSilence);
  if (!line) return line.error();
  constexpr std::string_view kDone = "refreshed";
  if (*line && (*line)->starts_with(kDone)) {
    return std::string(trim(std::string_view(**line).substr(kDone.size())));
  }
  return Error(EIO, printable(typed) + ": " + printable(line->value_or("no answer")));
}

}  // namespace

std::optional<PlaceInMount> place_in(const std::vector<mount::MountRecord>& mounts,
                                     const std::string& path) {
  std::optional<PlaceInMount> best;
  for (const mount::MountRecord& record : mounts) {
    const std::string& top = record.mountpoint;
    if (best && best->mountpoint.size() >= top.size()) continue;
    if (path == top) {
      best = PlaceInMount{top, ""};
    } else if (path.starts_with(top.ends_with('/') ? top : top + "/")) {
      best = PlaceInMount{top, path.substr(top.size() + (top.ends_with('/') ? 0 : 1))};
    }
  }
  return best;
}

int run_refresh(const Command& command, const Environment& /*environment*/) {
  int code = 0;
  for (const std::string& typed : command.arguments) {
    const auto remark = refresh(typed);
    if (!remark) {
      code = complain(remark.error().text, Exit::local);
    } else if (!remark->empty()) {
      say(printable(typed) + ": " + *remark);
    }
  }
  return code;
}

}  // namespace pailfs::cli
