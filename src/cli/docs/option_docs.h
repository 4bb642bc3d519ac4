// SPDX-License-Identifier: Apache-2.0
// How one row of the option table is written, for help, manual page and markdown. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/options/options.h"

namespace pailfs::cli {

/// "name", "name=VALUE" or "name[=VALUE]".
std::string spelling(const OptionSpec& spec);
/// The default to show; empty for switches, accepted words and unset names.
std::string default_of(const OptionSpec& spec);
/// "a b c" as "a, b, c".
std::string comma_list(std::string_view words);

/// Calls `heading(group)` where a group begins and `row(spec)` for every option.
template <class Heading, class Row>
void for_each_group(Heading heading, Row row) {
  const OptionSpec* previous = nullptr;
  for (const OptionSpec& spec : option_table()) {
    if (previous == nullptr || previous->group != spec.group) heading(spec.group);
    row(spec);
    previous = &spec;
  }
}

}  // namespace pailfs::cli
