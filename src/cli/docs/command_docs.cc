// SPDX-License-Identifier: Apache-2.0
#include "command_docs.h"

#include <algorithm>

#include "pailfs/util/text.h"

#include "roff.h"

namespace pailfs::cli {
namespace {

/// Column of the summaries in --help.
constexpr std::size_t kSummaryColumn = 45;

/// Column of the summaries on the one screen.
constexpr std::size_t kNameColumn = 27;
/// Column of what the switches mean in the help on one command.
constexpr std::size_t kSwitchColumn = 24;

/// `text(spec)` of all commands, with `between` them.
template <class Text>
std::string joined(std::string_view between, Text text) {
  std::string result;
  for (const CommandSpec& spec : command_table()) {
    if (!result.empty()) result += between;
    result += text(spec);
  }
  return result;
}

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::string command_help() {
  return joined("", [](const CommandSpec& spec) {
    std::string line = "  pailfs " + std::string(spec.name) + " " + std::string(spec.synopsis);
    std::string text;
    if (line.size() >= kSummaryColumn) {
      text = line + "\n";
      line.clear();
    }
    line.resize(kSummaryColumn, ' ');
    return text + line + std::string(spec.summary) + "\n";
  });
}

std::string command_list() {
  return joined("", [](const CommandSpec& spec) {
    std::string line = "  " + std::string(spec.name);
    line.resize(kNameColumn, ' ');
    return line + std::string(spec.summary) + "\n";
  });
}

std::string help_on_command(const CommandSpec& spec) {
  std::string text = "Usage: pailfs " + std::string(spec.name);
  if (!spec.synopsis.empty()) text += " " + std::string(spec.synopsis);
  text += "\n\n" + wrapped(plain(spec.manual), 0);
  for (const CommandSwitch& row : spec.switches) {
    if (&row == &spec.switches.front()) text += "\n";
    std::string line =
        "  " + (row.brief.empty() ? "" : std::string(row.brief) + ", ") + std::string(row.name);
    if (!row.value.empty()) line += "=" + std::string(row.value);
    line.resize(std::max(kSwitchColumn, line.size() + 1), ' ');
    text += line + std::string(row.help) + "\n";
  }
  return text;
}

std::string command_synopses() {
  return without_line_end(joined(".PP\n", [](const CommandSpec& spec) {
    return ".B pailfs " + std::string(spec.name) + "\n" + roff_synopsis(spec.synopsis);
  }));
}

std::string command_paragraphs() {
  return joined("\n", [](const CommandSpec& spec) {
    return ".TP\n\\fB" + std::string(spec.name) + "\\fR\n" + std::string(spec.manual);
  });
}

std::string command_names() {
  return joined(" ", [](const CommandSpec& spec) { return std::string(spec.name); });
}

std::string bash_command_cases() {
  return joined("", [](const CommandSpec& spec) {
    std::string words;
    for (const CommandSwitch& row : spec.switches) {
      words += (words.empty() ? "" : " ") + std::string(row.name);
      if (!row.value.empty()) words += '=';
    }
    words += words.empty() ? "--help" : " --help";
    if (spec.about == About::topic) words += " all " + command_names();
    const bool of_mounts = spec.about == About::one_mount || spec.about == About::mounts;
    return "    " + std::string(spec.name) + ") words='" + words + "'" +
           (of_mounts ? " mounts=yes" : "") + " ;;\n";
  });
}

std::string zsh_command_list() {
  return joined("", [](const CommandSpec& spec) {
    return "    '" + std::string(spec.name) + ":" + std::string(spec.summary) + "'\n";
  });
}

std::string zsh_command_cases() {
  return joined("", [](const CommandSpec& spec) {
    std::string added;
    for (const CommandSwitch& row : spec.switches) {
      added += (added.empty() ? "'" : " '") + std::string(row.name);
      added += (row.value.empty() ? "[" : "=[") + std::string(row.help) + "]";
      added += (row.value.empty() ? "" : ":" + std::string(row.value) + ":") + "'";
    }
    if (added.empty()) return added;
    return "    " + std::string(spec.name) + ") switches+=(" + added + ") ;;\n";
  });
}

std::string fish_commands() {
  return joined("", [](const CommandSpec& spec) {
    const std::string name(spec.name);
    std::string lines = "complete -c pailfs -n __fish_is_first_token -a '" + name + "' -d '" +
                        std::string(spec.summary) + "'\n";
    for (const CommandSwitch& row : spec.switches) {
      lines += "complete -c pailfs -n '__fish_seen_subcommand_from " + name + "' -l " +
               std::string(row.name.substr(2)) + (row.value.empty() ? "" : " -x") + " -d '" +
               std::string(row.help) + "'\n";
    }
    return lines;
  });
}

}  // namespace pailfs::cli
