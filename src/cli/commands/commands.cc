// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "pailfs/mount/runtime.h"
#include "pailfs/mount/unmount.h"
#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

struct Name {
  std::string_view word;
  Command::Kind kind;
};
constexpr Name kNames[] = {{"list", Command::Kind::list},
                           {"status", Command::Kind::status},
                           {"sync", Command::Kind::sync},
                           {"umount", Command::Kind::umount},
                           {"check", Command::Kind::check}};

/// Takes every `flag` out of `words`.
bool take_flag(Words& words, std::string_view flag) {
  return std::erase(words, flag) > 0;
}

/// Takes "--timeout=N" or "--timeout N"; false when there is none.
bool take_timeout(Words& words, Command& command) {
  constexpr std::string_view kFlag = "--timeout";
  for (auto at = words.begin(); at != words.end(); ++at) {
    std::string value;
    if (at->starts_with(std::string(kFlag) + "=")) {
      value = at->substr(kFlag.size() + 1);
      words.erase(at);
    } else if (*at == kFlag) {
      at = words.erase(at);
      if (at != words.end()) {
        value = *at;
        words.erase(at);
      }
    } else {
      continue;
    }
    const auto seconds = parse_uint(value);
    if (!seconds || *seconds == 0 || *seconds > 1'000'000) {
      command.error = "--timeout=" + printable(value) + ": it is a number of seconds";
    } else {
      command.timeout = std::chrono::seconds(*seconds);
    }
    return true;
  }
  return false;
}

std::optional<Command> read_list(Command command, Words rest) {
  command.json = take_flag(rest, "--json");
  if (!rest.empty()) return std::nullopt;
  return command;
}

/// Those that are about one mount. `switched`: a switch of the command was given.
std::optional<Command> read_about_mount(Command command, const Words& rest, bool switched,
                                        const MachineFacts& machine) {
  const bool may_be_all = command.kind == Command::Kind::status && !command.watch;
  if (rest.empty()) {
    if (!may_be_all && command.error.empty()) command.error = "missing MOUNTPOINT argument";
    return command;
  }
  const bool one_word = rest.size() == 1 && !rest.front().starts_with('-');
  if (!one_word && !switched) return std::nullopt;
  command.mountpoint = rest.front();
  if (!one_word) {
    if (command.error.empty()) {
      const std::string& odd = rest.front().starts_with('-') ? rest.front() : rest[1];
      command.error = "unexpected argument \"" + printable(odd) + "\"";
    }
    return command;
  }
  // Also without a switch: a second "pailfs umount DIR" must not mount a stranger's bucket.
  if (!machine.is_mount(command.mountpoint) && command.error.empty()) {
    command.error = "no mount of pailfs is at " + printable(command.mountpoint) +
                    "; a bucket with the name of a command is mounted with an option, as in: "
                    "pailfs -o url=URL NAME MOUNTPOINT";
  }
  return command;
}

/// Words that are neither switches nor the value of -o.
Words positionals(const Words& words) {
  Words found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-o") {
      ++i;
    } else if (!words[i].starts_with('-')) {
      found.push_back(words[i]);
    }
  }
  return found;
}

std::optional<Command> read_check(Command command, Words rest, const MachineFacts& machine) {
  command.write = take_flag(rest, "--write");
  const Words words = positionals(rest);
  const bool could_mount =
      words.size() != 1 || words.front().starts_with('/') || machine.is_directory(words.front());
  if (could_mount && !command.write && !rest.empty()) return std::nullopt;
  if (words.size() != 1) {
    command.error = words.empty() ? "missing BUCKET argument"
                                  : "unexpected argument \"" + printable(words[1]) + "\"";
  }
  command.arguments = std::move(rest);
  return command;
}

}  // namespace

std::optional<Command> read_command(const std::vector<std::string>& argv,
                                    const MachineFacts& machine) {
  if (argv.size() < 2 || argv[0].substr(argv[0].rfind('/') + 1).starts_with("mount.")) {
    return std::nullopt;
  }
  const auto name = std::find_if(std::begin(kNames), std::end(kNames),
                                 [&](const Name& row) { return row.word == argv[1]; });
  if (name == std::end(kNames)) return std::nullopt;
  Command command;
  command.kind = name->kind;
  Words rest(argv.begin() + 2, argv.end());
  bool switched = false;
  switch (name->kind) {
    case Command::Kind::list:
      return read_list(std::move(command), std::move(rest));
    case Command::Kind::check:
      return read_check(std::move(command), std::move(rest), machine);
    case Command::Kind::status:
      command.json = take_flag(rest, "--json");
      command.watch = take_flag(rest, "--watch");
      switched = command.json || command.watch;
      break;
    case Command::Kind::umount:
      switched = take_timeout(rest, command);
      break;
    case Command::Kind::sync:
      break;
  }
  return read_about_mount(std::move(command), rest, switched, machine);
}

MachineFacts this_machine() {
  MachineFacts machine;
  machine.is_directory = [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
  };
  machine.is_mount = [](const std::string& path) {
    const auto resolved = mount::resolve_mountpoint(path);
    if (!resolved) return false;
    const auto records = mount::list_everybodys_records();
    return std::any_of(records.begin(), records.end(), [&](const mount::MountRecord& record) {
      return record.mountpoint == *resolved;
    });
  };
  return machine;
}

}  // namespace pailfs::cli
