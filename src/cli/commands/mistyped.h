// SPDX-License-Identifier: Apache-2.0
// Command lines that are neither a mount nor a command, but nearly a command. Without this rule the
// mistyped word would be taken for a bucket. Pure, but for the machine's facts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine_facts.h"

namespace pailfs::cli {

/// The command that a word which is none was meant to be: "unmount" is umount, "stauts" status.
std::optional<std::string> meant_command(std::string_view word);

/// The complaint about a line whose first word is nearly a command, or nothing when the line can be
/// a mount: that is when a second word follows where nothing is mounted, or an option.
/// `rest` are the words behind the first one.
std::optional<std::string> complain_of_mistyped(std::string_view first,
                                                const std::vector<std::string>& rest,
                                                const MachineFacts& machine);

/// The first of `words` that is no switch or option of a mount, though it begins with a dash.
std::optional<std::string> unknown_switch(const std::vector<std::string>& words);

}  // namespace pailfs::cli
