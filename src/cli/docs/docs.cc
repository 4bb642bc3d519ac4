// SPDX-License-Identifier: Apache-2.0
#include "docs.h"

#include <vector>

#include "pailfs/util/text.h"

#include "cli/options/options.h"
#include "command_docs.h"
#include "man_template.h"
#include "roff.h"
#include "version.h"

namespace pailfs::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 6;

constexpr std::string_view kUsage =
    R"(Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION[=VALUE],...] [SWITCHES]

Mounts an S3 bucket, or what is under PATH in it, as a directory. Returns when
the mount can be used, or says in one line why it cannot.

Examples:
  pailfs photos /mnt/photos -o passwd_file=$HOME/.passwd-s3fs
  pailfs data:/2026 /mnt/data -o url=https://s3.example.com,allow_other
  pailfs open-data /mnt/open -o public_bucket=1,ro -f
Unmount: umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT as an ordinary user.

Commands (a bucket of the same name can still be mounted, see the manual page):
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
  -h, --help             this text; --help=OPTION explains one option
      --version          print the version
      --generate=KIND    print documentation: man, markdown, bash, zsh or fish
)";

std::string spelling(const OptionSpec& spec) {
  std::string text(spec.name);
  if (spec.value.empty()) return text;
  if (spec.value.front() == '[') return text + "[=" + std::string(spec.value.substr(1));
  return text + "=" + std::string(spec.value);
}

/// The default to show; empty for switches, accepted words and unset names.
std::string default_of(const OptionSpec& spec) {
  return spec.value.empty() ? std::string() : show_value(spec, Options{});
}

std::string with_default(const OptionSpec& spec) {
  const std::string value = default_of(spec);
  return spelling(spec) + (value.empty() ? "" : " (default " + value + ")");
}

std::string comma_list(std::string_view words) {
  std::string text;
  for (const std::string& word : split(words, ' ')) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string wrapped(std::string_view text) {
  std::string result;
  std::string line(kIndent, ' ');
  for (const std::string& word : split(text, ' ')) {
    if (line.size() > kIndent && line.size() + 1 + word.size() > kWidth) {
      result += line + "\n";
      line.assign(kIndent, ' ');
    }
    if (line.size() > kIndent) line += ' ';
    line += word;
  }
  return result + line + "\n";
}

std::string entry(const OptionSpec& spec) {
  std::string text = "  " + with_default(spec) + "\n" + wrapped(spec.help);
  if (!spec.aliases.empty()) text += wrapped("Also: " + comma_list(spec.aliases) + ".");
  return text;
}

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

/// Calls `heading(title)` where a group begins and `row(spec)` for every option.
template <class Heading, class Row>
void for_each_group(Heading heading, Row row) {
  const OptionSpec* previous = nullptr;
  for (const OptionSpec& spec : option_table()) {
    if (previous == nullptr || previous->group != spec.group) heading(group_title(spec.group));
    row(spec);
    previous = &spec;
  }
}

}  // namespace

std::string help_text() {
  std::string text = std::string(kUsage) + command_help() + std::string(kSwitches);
  for_each_group([&](std::string_view title) { text += "\n" + std::string(title) + ":\n"; },
                 [&](const OptionSpec& spec) { text += entry(spec); });
  return text + "\nThe manual page pailfs(1) says more.\n";
}

std::optional<std::string> help_for(std::string_view name) {
  const OptionSpec* spec = find_option(name);
  if (spec == nullptr) return std::nullopt;
  return entry(*spec);
}

std::string version_text() {
  return "Amazon Simple Storage Service File System V1.97 (pailfs " + std::string(kVersion) +
         ") with OpenSSL\n"
         "Licence: Apache-2.0. There is no warranty, to the extent permitted by law.\n";
}

std::string man_page() {
  std::string options;
  for_each_group([&](std::string_view title) { options += ".SS " + std::string(title) + "\n"; },
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
      [&](std::string_view title) {
        text +=
            "\n## " + std::string(title) + "\n\n| Option | Default | Meaning |\n|---|---|---|\n";
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
