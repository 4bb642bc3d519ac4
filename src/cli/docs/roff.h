// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs::cli {

/// Text in lines of at most 80 characters, each after `indent` blanks; ends with a line end.
std::string wrapped(std::string_view text, std::size_t indent);

/// Text as roff wants it: backslashes doubled, dashes that are typed, no line taken for a request.
std::string roff(std::string_view text);

/// The words of text in roff with man(7)'s macros for fonts, in one line.
std::string plain(std::string_view roff);

/// The words after a command's name, a macro line for each: words in capitals are set in italics,
/// switches and small letters bold, brackets and the like roman. Ends with a line end.
std::string roff_synopsis(std::string_view synopsis);

}  // namespace pailfs::cli
