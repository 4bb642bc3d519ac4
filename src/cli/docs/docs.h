// SPDX-License-Identifier: Apache-2.0
// The documents that the program prints about itself, made from the tables of options and of
// commands. Pure functions; --help is in help.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pailfs::cli {

/// First line in the form that scripts written for s3fs look for: "... V1.95 (...)".
std::string version_text();

/// man/pailfs.1.in, which is built in, with @OPTIONS@, @SYNOPSES@ and @COMMANDS@ (of the
/// commands) and @VERSION@ filled in.
std::string man_page();
std::string markdown();
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

/// The text that --generate=KIND prints; nothing for an unknown kind.
std::optional<std::string> generate(std::string_view kind);

}  // namespace pailfs::cli
