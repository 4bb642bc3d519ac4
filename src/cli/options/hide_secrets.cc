// SPDX-License-Identifier: Apache-2.0
#include "hide_secrets.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "pailfs/util/text.h"

#include "version.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kSecretNames[] = {"secret", "password", "token", "credlib_opts"};
constexpr std::string_view kClientKeyPassword = "S3FS_SSL_PRIVKEY_PASSWORD";
constexpr std::string_view kClientCertificate = "ssl_client_cert";
/// CERT:TYPE:KEY:KEYTYPE:PASSWORD
constexpr int kColonsBeforePassword = 4;

std::string plain_name(std::string_view name) {
  std::string plain = to_lower(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  plain.erase(0, std::min(plain.find_first_not_of('_'), plain.size()));
  return plain;
}

void star(std::string& text, std::size_t begin, std::size_t end) {
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
            text.begin() + static_cast<std::ptrdiff_t>(end), '*');
}

/// Puts stars over the secret part of the value [begin, end) of the option `name`.
void mask_value(std::string_view name, std::string& text, std::size_t begin, std::size_t end) {
  const std::string plain = plain_name(name);
  for (const std::string_view word : kSecretNames) {
    if (plain.find(word) != std::string::npos) return star(text, begin, end);
  }
  if (plain != kClientCertificate) return;
  int colons = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != ':' || ++colons < kColonsBeforePassword) continue;
    return star(text, i + 1, end);
  }
}

bool is_end_of_host(char c) {
  return c == '/' || c == '?' || c == '#' || c == ' ';
}

/// SCHEME://USER:PASSWORD@HOST
void mask_urls(std::string& text) {
  constexpr std::string_view kMark = "://";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    at += kMark.size();
    std::size_t end = at;
    // A comma after a backslash belongs to the value.
    const auto ends = [&](char c) { return c == ',' ? text[end - 1] != '\\' : is_end_of_host(c); };
    while (end < text.size() && !ends(text[end])) ++end;
    const std::size_t name_end = text.rfind('@', end);
    if (name_end != std::string::npos && name_end >= at) star(text, at, name_end);
  }
}

/// An argument that may be a list "a,b=c", a long option "--a=b" or a word.
void mask(std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    // A comma after a backslash belongs to the value.
    std::size_t end = at;
    while (end < text.size() && (text[end] != ',' || (end > at && text[end - 1] == '\\'))) ++end;
    const std::size_t equals = text.find('=', at);
    if (equals < end) mask_value(text.substr(at, equals - at), text, equals + 1, end);
    at = end + 1;
  }
  mask_urls(text);
}

bool takes_next(const std::string& argument) {
  return argument.starts_with("--") && argument.find('=') == std::string::npos;
}

bool names_proxy(std::string_view variable) {
  return equals_ignoring_case(
      variable.substr(variable.size() - std::min<std::size_t>(variable.size(), 6)), "_proxy");
}

}  // namespace

std::vector<std::string> masked_arguments(const std::vector<std::string>& argv) {
  std::vector<std::string> masked = argv;
  for (std::size_t i = 0; i < masked.size(); ++i) {
    mask(masked[i]);
    if (i > 0 && takes_next(argv[i - 1])) mask_value(argv[i - 1], masked[i], 0, masked[i].size());
  }
  return masked;
}

std::string masked_option(const std::string& name, const std::string& value) {
  std::string text = name + "=" + value;
  const std::size_t begin = name.size() + 1;
  mask_value(name, text, begin, text.size());
  // A user may be named before any '@' of an address: [SCHEME://]USER:PASSWORD@HOST.
  const std::size_t at = text.rfind('@');
  const std::size_t mark = text.find("://", begin);
  if (at == std::string::npos || at < begin) return text;
  if (mark != std::string::npos && mark < at) {
    star(text, mark + 3, at);
  } else if (names_proxy("_" + name)) {
    star(text, begin, at);
  }
  return text;
}

std::string launch_line(const std::vector<std::string>& argv) {
  std::string line = "pailfs version " + std::string(kVersion) + " :";
  for (const std::string& argument : masked_arguments(argv)) line += " " + argument;
  return line;
}

void hide_secrets(int argc, char** argv) {
  const std::vector<std::string> shown = masked_arguments({argv, argv + argc});
  for (int i = 0; i < argc; ++i) {
    std::copy(shown[static_cast<std::size_t>(i)].begin(), shown[static_cast<std::size_t>(i)].end(),
              argv[i]);
  }
  std::vector<std::string> gone;
  std::vector<std::pair<std::string, std::string>> moved;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    char* const equals = ::strchr(*entry, '=');
    if (equals == nullptr) continue;
    const std::string name(*entry, equals);
    const bool proxy = names_proxy(name) && ::strchr(equals, '@') != nullptr;
    if (!proxy && !name.starts_with("AWS") && name != kClientKeyPassword) continue;
    if (proxy) {
      moved.emplace_back(name, equals + 1);
    } else {
      gone.push_back(name);
    }
    ::explicit_bzero(equals + 1, ::strlen(equals + 1));
  }
  // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet
  for (const std::string& name : gone) ::unsetenv(name.c_str());
  for (const auto& [name, value] : moved) ::setenv(name.c_str(), value.c_str(), 1);
  // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace pailfs::cli
