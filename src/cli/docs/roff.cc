// SPDX-License-Identifier: Apache-2.0
#include "roff.h"

#include <algorithm>
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

/// What the escapes of roff() and the changes of font stand for.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      result += text[i];
    } else if (text[++i] == 'f') {
      ++i;
    } else if (text[i] == '(') {
      const std::string_view name = text.substr(i + 1, 2);
      result += name == "aq" ? '\'' : name == "ha" ? '^' : '~';
      i += 2;
    } else {
      result += text[i] == 'e' ? '\\' : text[i];
    }
  }
  return result;
}

/// The arguments of ".B words" with blanks between them, of ".BR a b" without.
std::string words_of_macro(std::string_view line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const bool alternates = blank == 3;
  std::string text;
  bool quoted = false;
  for (const char c : unescaped(line.substr(std::min(blank + 1, line.size())))) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c != ' ' || quoted || !alternates) {
      text += c;
    }
  }
  return text;
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

std::string wrapped(std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 80;
  std::string result;
  std::string line(indent, ' ');
  for (const std::string& word : split(text, ' ')) {
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      result += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return result + line + "\n";
}

std::string plain(std::string_view roff) {
  std::string text;
  for (const std::string& line : split(roff, '\n')) {
    if (!text.empty()) text += ' ';
    text += line.starts_with('.') ? words_of_macro(line) : unescaped(line);
  }
  return text;
}

std::string roff_synopsis(std::string_view synopsis) {
  std::string text;
  for (const std::string& word : split(synopsis, ' ')) text += macro(word);
  return text;
}

}  // namespace pailfs::cli
