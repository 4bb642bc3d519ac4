// SPDX-License-Identifier: Apache-2.0
#include "pailfs/s3/extra_headers.h"

#include <regex.h>

#include <algorithm>
#include <array>

#include "pailfs/util/text.h"

#include "request_pieces.h"

namespace pailfs::s3 {
namespace {

/// Headers that a file must not set, in lower case: another value would break the signature, the
/// framing or the meaning of the request. Keys of SSE-C belong into a file that only its owner can
/// read.
constexpr std::array<std::string_view, 17> kOurs = {
    "host",
    "authorization",
    "x-amz-date",
    "date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "range",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "connection",
    "keep-alive",
    "upgrade",
    "content-md5",
    "x-amz-request-payer",
    "x-amz-metadata-directive",
};
constexpr std::array<std::string_view, 7> kOurPrefixes = {
    "if-",
    "proxy-",
    "x-amz-copy-source",
    "x-amz-server-side-encryption-customer",
    "x-amz-checksum",
    "x-amz-trailer",
    "x-amz-decoded-content",
};

bool is_ours(const std::string& name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end() ||
         std::any_of(kOurPrefixes.begin(), kOurPrefixes.end(), begins);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end =
      static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::string_view without_leading_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

}  // namespace

struct ExtraHeaders::Pattern {
  regex_t compiled{};
  const bool good;
  explicit Pattern(const std::string& text)
      : good(regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (good) regfree(&compiled);
  }
};

Result<ExtraHeaders::Parsed> ExtraHeaders::parse(std::string_view text, std::string prefix) {
  Parsed parsed;
  parsed.headers.prefix_ = std::move(prefix);
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || line.front() == '#') continue;
    std::string_view rest = line;
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    const std::size_t before = parsed.warnings.size();
    const Status added = parsed.headers.add_line(rest, parsed.warnings);
    const std::string where = "line " + std::to_string(number) + ": ";
    if (!added) return Error{EINVAL, where + added.error().text};
    if (parsed.warnings.size() > before) parsed.warnings.back().insert(0, where);
  }
  return parsed;
}

Status ExtraHeaders::add_line(std::string_view line, std::vector<std::string>& warnings) {
  constexpr std::string_view kPattern = "reg:";
  Rule rule;
  const std::string_view where = take_word(line);
  line = without_leading_blanks(line);
  std::string_view name = take_word(line);
  if (name.ends_with(':')) name.remove_suffix(1);  // as people write headers elsewhere
  if (name.empty()) return Error{EINVAL, "no header after \"" + printable(where) + "\""};
  if (!line.empty()) line.remove_prefix(1);
  rule.name = std::string(name);
  rule.value = std::string(trim(line));

  const std::string lower = to_lower(name);
  if (!is_header_name(name)) {
    return Error{EINVAL, "\"" + printable(name) + "\" cannot be the name of a header"};
  }
  if (has_control(rule.value)) {
    return Error{EINVAL, "the value of " + rule.name + " has a control character in it"};
  }
  // Many such files only switch this header off; pailfs never sends it.
  if (lower == "expect" && rule.value.empty()) return {};
  if (lower == "expect" || is_ours(lower)) {
    return Error{EINVAL,
                 "header " + rule.name + " cannot be set: it belongs to the request itself"};
  }
  if (where.starts_with(kPattern)) {
    const std::string expression(where.substr(kPattern.size()));
    auto pattern = std::make_shared<const Pattern>(expression);
    if (!pattern->good) {
      warnings.push_back("\"" + printable(expression) +
                         "\" is no regular expression, the line is ignored");
      return {};
    }
    rule.pattern = std::move(pattern);
  } else {
    rule.ending = std::string(where);
  }
  rules_.push_back(std::move(rule));
  return {};
}

void ExtraHeaders::apply(const std::string& key, http::Headers& headers) const {
  const std::string path = "/" + (key.starts_with(prefix_) ? key.substr(prefix_.size()) : key);
  for (const Rule& rule : rules_) {
    const bool fits = rule.pattern
                          ? regexec(&rule.pattern->compiled, path.c_str(), 0, nullptr, 0) == 0
                          : rule.ending.size() < path.size() && path.ends_with(rule.ending);
    if (fits) headers.set(rule.name, rule.value);
  }
}

}  // namespace pailfs::s3
