// SPDX-License-Identifier: Apache-2.0
#include "mistyped.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pailfs/util/text.h"

#include "cli/options/arguments.h"
#include "command_table.h"

namespace pailfs::cli {
namespace {

/// Names that other programs have for what a command does.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOtherNames{{
    {"unmount", "umount"},
    {"ls", "list"},
    {"mounts", "list"},
    {"stat", "status"},
    {"info", "status"},
    {"flush", "sync"},
}};

bool is_other_name(std::string_view word) {
  return std::any_of(kOtherNames.begin(), kOtherNames.end(),
                     [&](const auto& pair) { return pair.first == word; });
}

/// Whether the words after a mistyped command leave no doubt that a command is meant.
bool cannot_mount(std::string_view first, const std::vector<std::string>& rest,
                  const MachineFacts& machine) {
  if (rest.empty() || unknown_switch(rest)) return true;
  if (rest.size() != 1 || rest.front().starts_with('-')) return false;
  return machine.is_mount(rest.front()) || first == "unmount";
}

}  // namespace

std::optional<std::string> meant_command(std::string_view word) {
  for (const auto& [name, command] : kOtherNames) {
    if (word == name) return std::string(command);
  }
  // Of a word of three letters each other one is near; one with a path or a dash is a bucket.
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (word.size() < 4 || !std::all_of(word.begin(), word.end(), is_letter)) return std::nullopt;
  std::vector<std::string_view> names;
  for (const CommandSpec& spec : command_table()) names.push_back(spec.name);
  return nearest(word, names);
}

std::optional<std::string> unknown_switch(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "-o") {
      ++i;
    } else if (words[i].starts_with('-') &&
               read_arguments({"pailfs", words[i]}, false).error.starts_with("unknown ")) {
      return words[i];
    }
  }
  return std::nullopt;
}

std::optional<std::string> complain_of_mistyped(std::string_view first,
                                                const std::vector<std::string>& rest,
                                                const MachineFacts& machine) {
  const auto meant = meant_command(first);
  if (!meant || !cannot_mount(first, rest, machine)) return std::nullopt;
  std::string text = "there is no command \"" + printable(first) + "\": did you mean \"pailfs " +
                     *meant + (rest.empty() ? "" : " " + printable(rest.front())) + "\"?";
  if (is_other_name(first) || !rest.empty()) return text;
  return text + " To mount a bucket of that name: pailfs " + printable(first) + " MOUNTPOINT";
}

}  // namespace pailfs::cli
