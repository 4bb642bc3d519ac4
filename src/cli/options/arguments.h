// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pailfs::cli {

/// One word of the command line after its form is understood.
struct Argument {
  enum class Kind { option, list, word } kind = Kind::word;
  std::string name;                  ///< of an option, as typed without its dashes
  std::optional<std::string> value;  ///< of an option, list or word
};

struct Arguments {
  std::vector<Argument> items;  ///< in the order of the command line
  std::string error;            ///< not empty: the command line has no meaning
};

/// Takes argv apart as getopt_long would with "dho:fsu" and every row of the option table as a long
/// option: switches may be clustered, values attached or separate, words stand anywhere. Switches
/// come out as options named "d", "f", "s", ... `mount_helper` adds -n and -v, which mount(8)
/// passes to its helpers.
Arguments read_arguments(const std::vector<std::string>& argv, bool mount_helper);

}  // namespace pailfs::cli
