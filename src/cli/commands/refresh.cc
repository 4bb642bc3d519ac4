// SPDX-License-Identifier: Apache-2.0
#include "refresh.h"

#include <cerrno>
#include <chrono>
#include <string_view>

#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"
#include "place_in_mount.h"

namespace pailfs::cli {
namespace {

/// How long the process is waited for, and then the service, which it asks about the path.
constexpr std::chrono::seconds kPatience{5};

/// The answer of the mount's process: its remark, mostly an empty one.
Result<std::string> refresh(const std::string& typed) {
  const auto place = find_place(typed, kPatience);
  if (!place) return place.error();
  const auto mount = find_living_mount(place->mountpoint);
  if (!mount) return mount.error();
  auto client = ask(mount->mountpoint, "refresh " + percent_encode(place->path, true));
  if (!client) return client.error();
  return await_refresh(*client, typed, kPatience);
}

}  // namespace

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
