// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pailfs/util/text.h"

#include "cli/commands/command_table.h"
#include "cli/options/options.h"
#include "command_docs.h"
#include "option_docs.h"
#include "roff.h"

namespace pailfs::cli {
namespace {

constexpr std::size_t kIndent = 6;
/// Column of what is said of the options on the one screen.
constexpr std::size_t kColumn = 27;

constexpr std::string_view kUsage =
    R"(Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION[=VALUE],...] [SWITCHES]
       pailfs COMMAND [ARGUMENTS]    pailfs help COMMAND says which

Mounts an S3 bucket, or the part of it under PATH, as a directory. Returns when
the mount can be used, or says in one line why it cannot.

Examples:
  pailfs photos /mnt/photos -o passwd_file=$HOME/.passwd-s3fs
  pailfs data:/2026 /mnt/data -o url=https://s3.example.com,allow_other
  pailfs open-data /mnt/open -o public_bucket=1,ro -f
Unmount: umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT as an ordinary user.

Commands:
)";

/// The options of the one screen. Each first word up to '=' is a name of the option table.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kNeededMost{{
    {"url=URL", "address of the service, if it is not Amazon's"},
    {"region=REGION", "region of the bucket, if it is not found by itself"},
    {"use_path_request_style", "address the bucket as https://HOST/BUCKET"},
    {"passwd_file=FILE", "file with ACCESS_KEY:SECRET_KEY, mode 600"},
    {"profile=NAME", "take the keys from this profile of ~/.aws"},
    {"public_bucket=1", "no keys: sign nothing"},
    {"ro", "read only"},
    {"allow_other", "let other users use the mount"},
    {"uid=ID,gid=ID,umask=MODE", "owner and permissions to show, of everything"},
    {"use_cache=DIRECTORY", "keep what was read on the local disk"},
    {"durability=local", "acknowledge changes from a journal in use_cache"},
    {"logfile=F,dbglevel=info", "log more, to this file"},
}};

constexpr std::string_view kReadOn = R"(
  pailfs help COMMAND, OPTION or SECTION     what one of them means
  pailfs help all                            every option
The manual page pailfs(1) says more.
)";

constexpr std::string_view kSwitches =
    R"(
Switches:
  -o OPTION[=VALUE],...  options, see below; each also as --OPTION[=VALUE], with
                         - for _
  -f                     stay in the foreground, log to standard error
  -d, --debug            log more (dbglevel=info); twice: foreground, and trace
                         every request of the kernel
  -s                     serve one request at a time
  -u                     list unfinished uploads (incomplete_mpu_list)
  -h, --help             help on one screen; --help=all: this text;
                         --help=TOPIC: one command, option or section
      --version          print the version
      --generate=KIND    print documentation: man, markdown, bash, zsh or fish
)";

std::string entry(const OptionSpec& spec) {
  const std::string value = default_of(spec);
  std::string text = "  " + spelling(spec) +
                     (value.empty() ? std::string() : " (default " + value + ")") + "\n" +
                     wrapped(spec.help, kIndent);
  if (!spec.aliases.empty()) text += wrapped("Also: " + comma_list(spec.aliases) + ".", kIndent);
  return text;
}

std::string heading(Group group) {
  return std::string(group_title(group)) + " (help topic \"" + std::string(group_topic(group)) +
         "\"):\n";
}

bool names(Group group, std::string_view topic) {
  return topic == group_topic(group) || to_lower(topic) == to_lower(group_title(group));
}

std::string section_help(std::string_view topic) {
  std::string text;
  bool wanted = false;
  for_each_group(
      [&](Group group) {
        wanted = names(group, topic);
        if (wanted) text += heading(group);
      },
      [&](const OptionSpec& spec) { text += wanted ? entry(spec) : std::string(); });
  return text;
}

}  // namespace

std::string short_help() {
  std::string text = std::string(kUsage) + command_list() + "\nOptions that are needed most:\n";
  for (const auto& [option, meaning] : kNeededMost) {
    std::string line = "  " + std::string(option);
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    text += line + std::string(meaning) + "\n";
  }
  return text + std::string(kReadOn);
}

std::string full_help() {
  std::string text = std::string(kUsage) + command_help() + std::string(kSwitches);
  for_each_group([&](Group group) { text += "\n" + heading(group); },
                 [&](const OptionSpec& spec) { text += entry(spec); });
  return text + "\nThe manual page pailfs(1) says more.\n";
}

std::optional<std::string> help_on(std::string_view topic) {
  if (topic == "all") return full_help();
  std::string text;
  if (const CommandSpec* command = find_command(topic)) text += help_on_command(*command);
  const OptionSpec* option = find_option(topic);
  if (option != nullptr) text += (text.empty() ? "" : "\nThe option:\n") + entry(*option);
  if (const std::string section = section_help(topic); !section.empty())
    text += (text.empty() ? "" : "\n") + section;
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string help_topics() {
  std::string text = "all";
  for (const CommandSpec& command : command_table()) text += " " + std::string(command.name);
  for_each_group([&](Group group) { text += " " + std::string(group_topic(group)); },
                 [](const OptionSpec&) {});
  return text;
}

}  // namespace pailfs::cli
