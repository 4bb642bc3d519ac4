// SPDX-License-Identifier: Apache-2.0
#include "read_command.h"

#include <algorithm>
#include <string_view>

#include "pailfs/util/text.h"

#include "command_table.h"
#include "mistyped.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;
using std::chrono::seconds;

/// Takes the first "NAME=VALUE" or "NAME VALUE" out of `words`; nothing when there is none.
std::optional<std::string> take_value(Words& words, std::string_view name) {
  const std::string with_equals = std::string(name) + "=";
  const auto at = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return word == name || word.starts_with(with_equals);
  });
  if (at == words.end()) return std::nullopt;
  if (*at != name) {
    std::string value = at->substr(with_equals.size());
    words.erase(at);
    return value;
  }
  const auto next = words.erase(at);
  if (next == words.end()) return std::string();
  std::string value = std::move(*next);
  words.erase(next);
  return value;
}

/// Takes one switch out of `words` into its field; false when it is not there.
struct TakeSwitch {
  const CommandSwitch& row;
  Words& words;
  Command& command;

  bool operator()(bool Command::*flag) const {
    command.*flag = std::erase_if(words, [&](const std::string& word) {
                      return word == row.name || (!row.brief.empty() && word == row.brief);
                    }) > 0;
    return command.*flag;
  }
  bool operator()(std::optional<seconds> Command::*limit) const {
    const auto value = take_value(words, row.name);
    if (!value) return false;
    const auto number = parse_uint(*value);
    if (!number || *number == 0 || *number > 1'000'000) {
      command.error =
          std::string(row.name) + "=" + printable(*value) + ": it is a number of seconds";
    } else {
      command.*limit = seconds(*number);
    }
    return true;
  }
  bool operator()(std::optional<std::string> Command::*word) const {
    const auto value = take_value(words, row.name);
    if (value && value->empty()) command.error = std::string(row.name) + " needs a value";
    command.*word = value;
    return value.has_value();
  }
};

/// Takes all switches of the command out of `words`; whether there was any.
bool take_switches(Words& words, Command& command) {
  bool any = false;
  for (const CommandSwitch& row : command.spec->switches) {
    if (std::visit(TakeSwitch{row, words, command}, row.at)) any = true;
  }
  return any;
}

std::string unexpected(const std::string& word) {
  return "unexpected argument \"" + printable(word) + "\"";
}

/// Reads a command that is about mounts. `switched`: a switch of the command was given.
std::optional<Command> read_about_mounts(Command command, const Words& rest, bool switched,
                                         const MachineFacts& machine) {
  const bool may_be_all = command.spec->about == About::mounts && !command.watch;
  if (rest.empty()) {
    if (!may_be_all && command.error.empty()) command.error = "missing MOUNTPOINT argument";
    return command;
  }
  const bool one_word = rest.size() == 1 && !rest.front().starts_with('-');
  if (!one_word && !switched) return std::nullopt;
  command.mountpoint = rest.front();
  if (!one_word) {
    if (command.error.empty())
      command.error = unexpected(rest.front().starts_with('-') ? rest.front() : rest[1]);
    return command;
  }
  // Also without a switch: a second "pailfs umount DIR" must not mount a bucket called "umount".
  if (!machine.is_mount(command.mountpoint) && command.error.empty()) {
    command.error = "no mount of pailfs is at " + printable(command.mountpoint) +
                    "; a bucket with the name of a command is mounted with an option, as in: "
                    "pailfs -o url=URL NAME MOUNTPOINT";
  }
  return command;
}

std::optional<Command> read_about_topic(Command command, Words rest, const MachineFacts& machine) {
  if (rest.size() > 1) return std::nullopt;
  if (!rest.empty()) {
    const std::string& word = rest.front();
    if (word.starts_with('/') || word.starts_with('-') || machine.is_directory(word))
      return std::nullopt;
  }
  command.arguments = std::move(rest);
  return command;
}

std::optional<Command> read_about_paths(Command command, Words rest) {
  const bool has_option = std::any_of(
      rest.begin(), rest.end(), [](const std::string& word) { return word.starts_with('-'); });
  if (has_option) return std::nullopt;
  if (rest.empty()) command.error = "missing PATH argument";
  command.arguments = std::move(rest);
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

std::optional<Command> read_about_bucket(Command command, Words rest, bool switched,
                                         const MachineFacts& machine) {
  const Words words = positionals(rest);
  const bool could_mount =
      words.size() != 1 || words.front().starts_with('/') || machine.is_directory(words.front());
  if (could_mount && !switched && !rest.empty()) return std::nullopt;
  if (words.size() != 1)
    command.error = words.empty() ? "missing BUCKET argument" : unexpected(words[1]);
  command.arguments = std::move(rest);
  return command;
}

/// The complaint about a switch that the command does not have.
std::string unknown_switch_of(const CommandSpec& spec, const std::string& word) {
  std::vector<std::string_view> names;
  for (const CommandSwitch& row : spec.switches) names.push_back(row.name);
  const auto meant = nearest(word.substr(0, word.find('=')), names);
  return std::string(spec.name) + ": unknown switch \"" + printable(word) + "\"" +
         (meant ? ": did you mean \"" + *meant + "\"?"
                : "; pailfs help " + std::string(spec.name) + " lists its switches");
}

/// A line whose first word is no command, but was meant as one.
std::optional<Command> read_mistyped(const Words& argv, const MachineFacts& machine) {
  const auto complaint =
      complain_of_mistyped(argv[1], Words(argv.begin() + 2, argv.end()), machine);
  if (!complaint) return std::nullopt;
  Command command;
  command.error = *complaint;
  return command;
}

}  // namespace

std::optional<Command> read_command(const std::vector<std::string>& argv,
                                    const MachineFacts& machine) {
  if (argv.size() < 2 || argv[0].substr(argv[0].rfind('/') + 1).starts_with("mount."))
    return std::nullopt;
  Command command;
  command.spec = find_command(argv[1]);
  if (command.spec == nullptr) return read_mistyped(argv, machine);
  Words rest(argv.begin() + 2, argv.end());
  const bool switched = take_switches(rest, command);
  const auto is_help = [](const std::string& word) { return word == "-h" || word == "--help"; };
  command.help = std::any_of(rest.begin(), rest.end(), is_help);
  if (command.help) return command;
  if (const auto unknown = unknown_switch(rest); unknown && command.error.empty()) {
    command.error = unknown_switch_of(*command.spec, *unknown);
    return command;
  }
  switch (command.spec->about) {
    case About::nothing:
      if (!rest.empty()) return std::nullopt;
      return command;
    case About::one_mount:
    case About::mounts:
      return read_about_mounts(std::move(command), rest, switched, machine);
    case About::paths:
      return read_about_paths(std::move(command), std::move(rest));
    case About::topic:
      return read_about_topic(std::move(command), std::move(rest), machine);
    case About::bucket:
      return read_about_bucket(std::move(command), std::move(rest), switched, machine);
  }
  return std::nullopt;
}

}  // namespace pailfs::cli
