// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/command_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "pailfs/util/text.h"

#include "cli/commands/read_command.h"
#include "cli/docs/docs.h"
#include "cli/docs/help.h"
#include "cli/docs/roff.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Nothing is mounted and there is no directory.
const MachineFacts kBareMachine{[](const std::string&) { return false; },
                                [](const std::string&) { return false; }};

/// The line of `text` that begins with `begin` after blanks; empty if there is none.
std::string line_of(const std::string& text, const std::string& begin) {
  for (const std::string& line : split(text, '\n')) {
    if (trim(line).starts_with(begin)) return line;
  }
  return {};
}

}  // namespace

TEST_CASE("Each command of the table is read, and a word that is none never runs one") {
  for (const CommandSpec& spec : command_table()) {
    CAPTURE(spec.name);
    const std::string name(spec.name);
    CHECK(find_command(name) == &spec);
    CHECK((spec.run == nullptr) == spec.prints.has_value());
    // Alone it is no mount, which needs a mountpoint.
    const auto command = read_command({"pailfs", name}, kBareMachine);
    REQUIRE(command);
    CHECK(command->spec == &spec);
    for (const std::string& other : {name + "s", name.substr(1)}) {
      const auto mistyped = read_command({"pailfs", other}, kBareMachine);
      CHECK((!mistyped || !mistyped->error.empty()));
      CHECK_FALSE(read_command({"pailfs", other, "/dir"}, kBareMachine));
    }
    for (const std::string& bucket : {name + ":/", "./" + name})
      CHECK_FALSE(read_command({"pailfs", bucket}, kBareMachine));
    for (const CommandSwitch& row : spec.switches)
      CHECK_FALSE(read_command({"pailfs", std::string(row.name)}, kBareMachine));
  }
  for (const char* bucket : {"photos", "uploads", "", "-u"})
    CHECK_FALSE(read_command({"pailfs", bucket}, kBareMachine));
}

TEST_CASE("Each switch of a command is read with that command only") {
  for (const CommandSpec& spec : command_table()) {
    for (const CommandSwitch& row : spec.switches) {
      CAPTURE(spec.name, row.name);
      std::vector<std::string> words = {"pailfs", std::string(spec.name), std::string(row.name)};
      if (!row.value.empty()) words.emplace_back("5");
      REQUIRE(read_command(words, kBareMachine));
      for (const CommandSpec& other : command_table()) {
        words[1] = other.name;
        const bool has =
            std::any_of(other.switches.begin(), other.switches.end(),
                        [&](const CommandSwitch& its) { return its.name == row.name; });
        const auto command = read_command(words, kBareMachine);
        // -o is a switch of remount, and of every mount.
        const bool refused = !command || command->error.find("unknown switch") != std::string::npos;
        CHECK(refused == !has);
      }
    }
  }
}

TEST_CASE("Each command is in help, manual page and completions with what it does") {
  const std::string help = full_help();
  const std::string man = man_page();
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  const std::string fish = fish_completion();
  for (const CommandSpec& spec : command_table()) {
    CAPTURE(spec.name);
    const std::string name(spec.name);
    const std::string summary(spec.summary);
    CHECK_FALSE(line_of(help, "pailfs " + name + " " + std::string(spec.synopsis)).empty());
    CHECK_THAT(help, ContainsSubstring("  " + summary + "\n"));
    CHECK_THAT(man, ContainsSubstring("\n.B pailfs " + name + "\n"));
    CHECK_THAT(
        man, ContainsSubstring("\n.TP\n\\fB" + name + "\\fR\n" + std::string(spec.manual) + "\n"));
    CHECK_THAT(" " + line_of(bash, "((COMP_CWORD > 1)) || words=") + " ", ContainsSubstring(name));
    CHECK_THAT(zsh, ContainsSubstring("'" + name + ":" + summary + "'"));
    CHECK_THAT(fish, ContainsSubstring("-a '" + name + "' -d '" + summary + "'"));
  }
}

TEST_CASE("Each switch of a command is in synopsis, manual page and completions") {
  const std::string man = man_page();
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  const std::string fish = fish_completion();
  for (const CommandSpec& spec : command_table()) {
    for (const CommandSwitch& row : spec.switches) {
      CAPTURE(spec.name, row.name);
      const std::string name(spec.name);
      const std::string word(row.name);
      CHECK_THAT(std::string(spec.synopsis),
                 ContainsSubstring("[" + word + (row.value.empty() ? "]" : " ")));
      CHECK_THAT(man, ContainsSubstring(roff(word)));
      CHECK_THAT(line_of(bash, name + ") words="), ContainsSubstring(word));
      CHECK_THAT(line_of(zsh, name + ") switches+="), ContainsSubstring("'" + word));
      CHECK_THAT(fish, ContainsSubstring("__fish_seen_subcommand_from " + name + "' -l " +
                                         word.substr(2)));
    }
  }
}

TEST_CASE("What is shown of a command is safe inside the quotes of a shell") {
  const auto is_safe = [](std::string_view text) {
    return !text.empty() && text.find_first_of("'[]:") == std::string_view::npos;
  };
  for (const CommandSpec& spec : command_table()) {
    CHECK(is_safe(spec.summary));
    for (const CommandSwitch& row : spec.switches) CHECK(is_safe(row.help));
  }
}

TEST_CASE("A synopsis is set in the fonts of its words") {
  CHECK(roff_synopsis("BUCKET[:/PATH] [--write] [-o OPTION,...] x") ==
        ".IR BUCKET [:/ PATH ]\n"
        ".RB [ \\-\\-write ]\n"
        ".RB [ \\-o\n"
        ".IR OPTION ,...]\n"
        ".B x\n");
}

}  // namespace pailfs::cli
