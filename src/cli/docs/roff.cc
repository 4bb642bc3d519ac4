// SPDX-License-Identifier: Apache-2.0
#include "roff.h"

#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

/// The font of a character as man(7) names it in macros: bold, italic or roman.
char font_of(char c) {
  if (c >= 'A' && c <= 'Z') return 'I';
  return (c >= 'a' && c <= 'z') || c == '-' ? 'B' : 'R';
}

/// ".IR BUCKET [:/ PATH ]": the fonts of the macro's name alternate. A word has two at most.
std::string macro(std::string_view word) {
  std::string fonts;
  std::string pieces;
  char last = '\0';
  for (const char c : word) {
    const char font = font_of(c);
    if (font != last) {
      pieces += ' ';
      if (fonts.size() < 2) fonts += font;
    }
    pieces += roff(std::string_view(&c, 1));
    last = font;
  }
  return "." + fonts + pieces + "\n";
}

}  // namespace

std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if (c == '\'') {
      result += "\\(aq";
    } else if (c == '^') {
      result += "\\(ha";
    } else if (c == '~') {
      result += "\\(ti";
    } else {
      result += c;
    }
  }
  return result;
}

std::string roff_synopsis(std::string_view synopsis) {
  std::string text;
  for (const std::string& word : split(synopsis, ' ')) text += macro(word);
  return text;
}

}  // namespace pailfs::cli
