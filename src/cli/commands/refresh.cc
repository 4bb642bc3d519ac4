// SPDX-License-Identifier: Apache-2.0
#include "refresh.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "found_mounts.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

/// How long the process is waited for, and then the service, which it asks about the path.
constexpr std::chrono::seconds kPatience{5};

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

Result<PlaceInMount> find_place(const std::string& typed) {
  const auto mounts = find_mounts();
  auto place = place_in(mounts, without_links_in_time(typed, kPatience));
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
  return await_refresh(*client, typed, kPatience);
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

Result<std::string> await_refresh(report::ControlClient& client, const std::string& typed,
                                  std::chrono::milliseconds patience) {
  const auto next = [&] { return client.next(std::chrono::steady_clock::now() + patience); };
  const std::string seconds =
      std::to_string(std::chrono::ceil<std::chrono::seconds>(patience).count()) + " s";
  auto line = next();
  // An older process of the mount says nothing before it has asked the service.
  const bool forgotten = line && *line == "forgotten";
  if (forgotten) line = next();
  const bool silent = !line && line.error().err == ETIMEDOUT;
  if (silent && forgotten) {
    return "all that was known is forgotten; whether it is in the bucket is not known, because the "
           "service has not answered for " +
           seconds;
  }
  if (silent) {
    return Error(ETIMEDOUT, printable(typed) + ": the process of the mount has not answered for " +
                                seconds + "; pailfs status shows what it does");
  }
  if (!line) return line.error();
  constexpr std::string_view kDone = "refreshed";
  const auto& reply = *line;
  if (reply && reply->starts_with(kDone)) {
    return std::string(trim(std::string_view(*reply).substr(kDone.size())));
  }
  return Error(EIO, printable(typed) + ": " + printable(reply.value_or("no answer")));
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
