// SPDX-License-Identifier: Apache-2.0
#include "remount.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/remount.h"
#include "pailfs/util/text.h"

#include "cli/options/live_change.h"
#include "cli/options/parse.h"
#include "cli/run/messages.h"
#include "own_mount.h"
#include "successor.h"

namespace pailfs::cli {
namespace {

/// Tells the process of the mount. Its answer is "changed" or "failed WHY".
Status tell_process(const std::string& mountpoint, const std::string& list) {
  auto client = ask(mountpoint, "remount " + percent_encode(list, true));
  if (!client) return client.error();
  const auto line = client->next(std::chrono::steady_clock::now() + kSilence);
  if (!line) return line.error();
  const std::string answer = line->value_or("failed it ended meanwhile");
  if (answer == "changed") return {};
  return Error(EINVAL, answer.starts_with("failed ") ? answer.substr(7) : printable(answer));
}

/// The kernel's part: without it "read-only" holds in the process alone.
Status tell_kernel(const mount::MountRecord& record, bool read_only) {
  if (record.is_placeless()) return {};  // its kernel mount is not seen from here
  Status done = mount::set_read_only(record.mountpoint, read_only);
  if (done) return done;
  const std::string name = printable(record.mountpoint);
  if (done.error().err == EBUSY)
    return Error(EBUSY, name + " has files that are open for writing (fuser -vm " + name +
                            " shows by whom); it stays writable");
  // The kernel lets a mount that is writable for it be read-only for its process.
  if (done.error().err == EPERM && read_only) return {};
  if (done.error().err == EPERM)
    return Error(EPERM,
                 "only root can make " + name + " writable; or unmount it, and mount it again");
  return done;
}

/// `list` without prefix=.
std::string without_prefix(const std::string& list) {
  std::vector<std::string> words = split_option_list(list);
  std::erase_if(words, [](const std::string& word) { return prefix_in(word).has_value(); });
  return join_options(words);
}

/// File names in `list` by their whole paths: the process of the mount has another working
/// directory.
std::string with_whole_paths(const std::string& list) {
  std::vector<std::string> words = split_option_list(list);
  std::error_code ignored;
  for (std::string& word : words) {
    const std::size_t equals = word.find('=');
    const OptionSpec* const spec = find_option(word.substr(0, equals));
    if (equals == std::string::npos || spec == nullptr || word[equals + 1] == '/') continue;
    if (!std::holds_alternative<Path>(spec->field) || equals + 1 == word.size()) continue;
    word = word.substr(0, equals + 1) +
           std::filesystem::absolute(word.substr(equals + 1), ignored).lexically_normal().string();
  }
  return join_options(words);
}

int change(const mount::MountRecord& record, const std::string& list) {
  const auto table =
      mount::find_mount(mount::read_mountinfo("/proc/self/mountinfo"), record.mountpoint);
  const auto change = read_live_change(list, record.what, table ? table->options : std::string());
  if (!change) return complain(change.error().text, Exit::usage);
  const bool wanted = change->read_only.value_or(record.what.read_only);
  const bool differs = wanted != record.what.read_only;
  if (differs) {
    if (const Status done = tell_kernel(record, wanted); !done)
      return complain(done.error().text, Exit::local);
  }
  const Status told = tell_process(record.mountpoint, change->list);
  if (told) return 0;
  if (differs) static_cast<void>(mount::set_read_only(record.mountpoint, record.what.read_only));
  return complain(told.error().text, Exit::local);
}

}  // namespace

int remount(const std::string& mountpoint, const std::string& given,
            const Environment& environment) {
  const std::string list = with_whole_paths(given);
  const auto found = find_living_mount(mountpoint);
  if (!found) return complain(found.error().text, Exit::local);
  const std::optional<mount::MountRecord>& record = found->record;
  if (!record)
    return complain("no mount of pailfs is at " + printable(found->mountpoint), Exit::local);
  const auto prefix = prefix_in(list);
  if (prefix && *prefix != record->what.prefix) return begin_successor(*record, list, environment);
  return change(*record, prefix ? without_prefix(list) : list);
}

int run_remount(const Command& command, const Environment& environment) {
  if (!command.options) return complain("remount: missing -o OPTION,...", Exit::usage);
  return remount(command.mountpoint, *command.options, environment);
}

}  // namespace pailfs::cli
