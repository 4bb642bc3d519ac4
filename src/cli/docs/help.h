// SPDX-License-Identifier: Apache-2.0
// What --help and `pailfs help` print, made from the tables of options and of commands. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pailfs::cli {

/// One screen: usage, commands, the options that are needed most, and where to read on.
std::string short_help();
/// Usage, commands, switches, and every option by section.
std::string full_help();
/// What is to be said of "all", a command, an option, or a section by its topic or title; of a name
/// that is several of these, each. Nothing for any other word.
std::optional<std::string> help_on(std::string_view topic);
/// All topics that help_on() knows, in the order in which they are shown.
std::string help_topics();

}  // namespace pailfs::cli
