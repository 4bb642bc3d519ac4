// SPDX-License-Identifier: Apache-2.0
#include "place_in_mount.h"

#include <cerrno>
#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

#include "pailfs/util/text.h"

#include "found_mounts.h"

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

/// The same as it is spelt, where the links cannot be followed in time: the path leads through the
/// mount, whose service may be silent.
std::string without_links_in_time(const std::string& typed, std::chrono::milliseconds patience) {
  auto found = std::make_shared<std::promise<std::string>>();
  auto path = found->get_future();
  std::thread([found, typed] { found->set_value(without_links(typed)); }).detach();
  if (path.wait_for(patience) == std::future_status::ready) return path.get();
  std::error_code failed;
  return std::filesystem::absolute(typed, failed).lexically_normal().string();
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

Result<PlaceInMount> find_place(const std::string& typed, std::chrono::milliseconds patience) {
  const auto mounts = find_mounts();
  auto place = place_in(mounts, without_links_in_time(typed, patience));
  if (!place) {
    // The last part may be a symbolic link to a mountpoint.
    std::error_code failed;
    const auto whole = std::filesystem::canonical(typed, failed);
    if (!failed) place = place_in(mounts, whole.string());
  }
  if (!place) return Error(EINVAL, printable(typed) + " is in no mount of pailfs");
  return std::move(*place);
}

}  // namespace pailfs::cli
