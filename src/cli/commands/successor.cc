// SPDX-License-Identifier: Apache-2.0
#include "successor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>

#include "pailfs/mount/process_birth.h"
#include "pailfs/util/text.h"

#include "cli/options/bucket_argument.h"
#include "cli/options/parse.h"
#include "cli/run/launch.h"
#include "cli/run/messages.h"
#include "cli/run/mount_start.h"
#include "own_mount.h"
#include "progress.h"

namespace pailfs::cli {
namespace {

using std::chrono::steady_clock;

/// How long a mount without open files may take to end once it is taken off.
constexpr std::chrono::seconds kEndTime{3};

struct Word {
  std::string name;  ///< as the table has it; as typed when it is in no table
  std::string text;
};

Word read_word(const std::string& text) {
  const std::string typed = text.substr(0, text.find('='));
  const OptionSpec* const spec = find_option(typed);
  const bool kernel = spec != nullptr && std::holds_alternative<Kernel>(spec->field);
  return {spec == nullptr || kernel ? typed : std::string(spec->name), text};
}

/// As a record has it: "NAME=1" also for a switch, which takes no value.
std::string as_typed(const Word& word) {
  const OptionSpec* const spec = find_option(word.name);
  const bool is_switch = spec != nullptr && !needs_value(*spec) && word.text.ends_with("=1");
  return is_switch ? word.text.substr(0, word.text.size() - 2) : word.text;
}

/// Options that say where, how and by whom the old mount was begun.
bool is_of_the_old(std::string_view name) {
  constexpr std::string_view kNames[] = {"bucket", "prefix", "remount", "run_as", "bg"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// Waits a moment for the old mount to end, and says what it has lost or why it goes on.
int tell_of_old(report::ControlClient& client, const mount::MountRecord& old) {
  const auto limit = steady_clock::now() + kEndTime;
  auto line = client.next(limit);
  while (line && line->value_or("").starts_with("progress ")) line = client.next(limit);
  const std::string pid = std::to_string(old.pid);
  if (line && *line == "ended 0") return 0;
  if (line && line->value_or("").starts_with("ended "))
    return complain("of " + printable(old.what.source) +
                        " not everything written last could be stored; the log of process " + pid +
                        " says what",
                    Exit::not_stored);
  if (!mount::is_alive(old)) return 0;
  say("files of " + printable(old.what.source) + " are still open, in process " + pid +
      ", which ends with the last of them; to watch it: pailfs status " + pid);
  return 0;
}

}  // namespace

std::optional<std::string> prefix_in(const std::string& list) {
  std::optional<std::string> found;
  for (const std::string& word : split_option_list(list)) {
    if (read_word(word).name != "prefix") continue;
    const std::size_t equals = word.find('=');
    found = normalised_prefix(equals == std::string::npos ? "" : word.substr(equals + 1));
  }
  return found;
}

Result<std::vector<std::string>> successor_line(const mount::MountRecord& record,
                                                const mount::MountEntry& entry,
                                                const std::string& list) {
  const mount::Identity& what = record.what;
  std::map<std::string, std::string> options;  // by name
  options["url"] = "url=" + what.url;
  options["fsname"] = "fsname=" + entry.source;
  if (entry.type.starts_with("fuse.")) options["subtype"] = "subtype=" + entry.type.substr(5);
  for (const std::string& each : what.options) {
    const Word word = read_word(each);
    if (!is_of_the_old(word.name)) options[word.name] = as_typed(word);
  }
  if (!what.read_only) options.erase("ro");
  if (what.read_only) options["ro"] = "ro";
  const std::vector<std::string> in_force = split(entry.options, ',');
  for (const std::string& each : split_option_list(list)) {
    const Word word{read_word(each).name, as_typed(read_word(each))};
    if (word.name == "rw") options.erase("ro");
    // mount(8) hands on the words of the kernel's mount table.
    const bool holds = std::find(in_force.begin(), in_force.end(), word.text) != in_force.end();
    if (is_of_the_old(word.name) || word.name == "rw" || (holds && word.name != "ro")) continue;
    options[word.name] = word.text;
  }
  std::vector<std::string> words;
  for (const auto& [name, text] : options) {
    if (text.find("***") != std::string::npos)
      return Error(EINVAL, "option " + printable(name) +
                               " of this mount has a secret, which is known to its process alone; "
                               "give it once more, beside prefix=");
    words.push_back(text);
  }
  const std::string prefix = prefix_in(list).value_or(what.prefix);
  const std::string path = prefix.empty() ? "" : ":/" + prefix.substr(0, prefix.size() - 1);
  return std::vector<std::string>{"pailfs", what.bucket + path, record.mountpoint, "-o",
                                  join_options(words)};
}

int begin_successor(const mount::MountRecord& record, const std::string& list,
                    const Environment& environment) {
  const std::string name = printable(record.mountpoint);
  if (record.what.foreground)
    return complain(name +
                        " is served in the foreground, for the program that has started it; end "
                        "it, and start it with the other path",
                    Exit::usage);
  const auto entry =
      mount::find_mount(mount::read_mountinfo("/proc/self/mountinfo"), record.mountpoint);
  if (!entry || record.is_placeless())
    return complain(name + " is not mounted where this command sees it", Exit::local);
  const auto argv = successor_line(record, *entry, list);
  if (!argv) return complain(argv.error().text, Exit::usage);
  const std::string& directory = record.what.directory;
  if (!directory.empty() && ::chdir(directory.c_str()) != 0)
    return complain(system_error(errno, "go to " + printable(directory) + ", where file names of " +
                                            "its options begin")
                        .text,
                    Exit::local);
  CommandLine line = parse_command_line(*argv, environment);
  if (!line.error.empty()) return complain(line.error, line.exit);
  auto client = ask(record.mountpoint, "drain");
  if (!client) return complain(client.error().text, Exit::local);
  Progress progress(std::nullopt);
  if (const int code = store_all(*client, progress, record.mountpoint); code != 0) return code;
  line.options.mount.replaces = record.pid;
  if (const int code = start_mount(line, describe_launch(*argv, environment)); code != 0)
    return code;
  return tell_of_old(*client, record);
}

}  // namespace pailfs::cli
