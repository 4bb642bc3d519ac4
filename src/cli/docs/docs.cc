// SPDX-License-Identifier: Apache-2.0
#include "docs.h"

#include <vector>

#include "pailfs/util/text.h"

#include "cli/options/options.h"
#include "command_docs.h"
#include "man_template.h"
#include "option_docs.h"
#include "roff.h"
#include "version.h"

namespace pailfs::cli {
namespace {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (;;) {
    const std::size_t at = text.find(from);
    if (at == std::string_view::npos) return result.append(text);
    result.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
}

std::string roff_entry(const OptionSpec& spec) {
  std::string text = ".TP\n\\fB" + roff(spec.name) + "\\fR";
  if (!spec.value.empty() && spec.value.front() == '[') {
    text += "[=\\fI" + roff(spec.value.substr(1, spec.value.size() - 2)) + "\\fR]";
  } else if (!spec.value.empty()) {
    text += "=\\fI" + roff(spec.value) + "\\fR";
  }
  const std::string value = default_of(spec);
  if (!value.empty()) text += " (default " + roff(value) + ")";
  // A sentence a line: roff then sets the space between them.
  text += "\n" + replaced(roff(spec.help), ". ", ".\n") + "\n";
  if (!spec.aliases.empty()) text += "Also: " + roff(comma_list(spec.aliases)) + ".\n";
  return text;
}

}  // namespace

std::string version_text() {
  return "Amazon Simple Storage Service File System V1.97 (pailfs " + std::string(kVersion) +
         ") with OpenSSL\n"
         "Licence: Apache-2.0. There is no warranty, to the extent permitted by law.\n";
}

std::string man_page() {
  std::string options;
  for_each_group([&](Group group) { options += ".SS " + std::string(group_title(group)) + "\n"; },
                 [&](const OptionSpec& spec) { options += roff_entry(spec); });
  if (!options.empty()) options.pop_back();
  std::string text = replaced(kManTemplate, "@OPTIONS@", options);
  text = replaced(text, "@SYNOPSES@", command_synopses());
  text = replaced(text, "@COMMANDS@", command_paragraphs());
  return replaced(text, "@VERSION@", kVersion);
}

std::string markdown() {
  std::string text = "# Options of pailfs\n";
  for_each_group(
      [&](Group group) {
        text += "\n## " + std::string(group_title(group)) +
                "\n\n| Option | Default | Meaning |\n|---|---|---|\n";
      },
      [&](const OptionSpec& spec) {
        std::string meaning(spec.help);
        if (!spec.aliases.empty()) meaning += " Also: " + comma_list(spec.aliases) + ".";
        text += "| `" + replaced(spelling(spec), "|", "\\|") + "` | " + default_of(spec) + " | " +
                replaced(meaning, "|", "\\|") + " |\n";
      });
  return text;
}

std::optional<std::string> generate(std::string_view kind) {
  if (kind == "man") return man_page();
  if (kind == "markdown") return markdown();
  if (kind == "bash") return bash_completion();
  if (kind == "zsh") return zsh_completion();
  if (kind == "fish") return fish_completion();
  return std::nullopt;
}

}  // namespace pailfs::cli
