// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs::cli {

/// Text as roff wants it: backslashes doubled, dashes that are typed, no line taken for a request.
std::string roff(std::string_view text);

/// The words after a command's name, a macro line for each: words in capitals are set in italics,
/// switches and small letters bold, brackets and the like roman. Ends with a line end.
std::string roff_synopsis(std::string_view synopsis);

}  // namespace pailfs::cli
