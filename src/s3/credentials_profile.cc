// SPDX-License-Identifier: Apache-2.0
#include "credentials_profile.h"

#include <algorithm>
#include <array>

#include "pailfs/util/text.h"

namespace pailfs::s3 {
namespace {

constexpr std::array<std::string_view, 5> kUnsupported = {
    "credential_process", "role_arn", "source_profile", "sso_session", "sso_start_url"};

struct Section {
  bool found = false;
  std::string_view access;
  std::string_view secret;
  std::string_view token;
  std::string_view unsupported;

  void read(std::string_view name, std::string_view value) {
    if (name == "aws_access_key_id") {
      access = value;
    } else if (name == "aws_secret_access_key") {
      secret = value;
    } else if (name == "aws_session_token") {
      token = value;
    } else if (std::find(kUnsupported.begin(), kUnsupported.end(), name) != kUnsupported.end()) {
      unsupported = name;
    }
  }
};

Section find_section(std::string_view text, std::string_view profile) {
  Section section;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      inside = trim(line.substr(1, line.find(']') - 1)) == profile;
      section.found = section.found || inside;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    section.read(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return section;
}

}  // namespace

Result<Credentials> parse_profile(std::string_view text, std::string_view profile,
                                  const std::string& path) {
  const Section section = find_section(text, profile);
  const std::string name = printable(profile, 128);
  if (!section.found) return Error{ENOENT, "Could not find profile: " + name + " in file: " + path};
  const std::string source = path + " [" + name + "]";
  if (section.access.empty() || section.secret.empty()) {
    if (!section.unsupported.empty()) {
      return Error{EINVAL, source + " uses " + std::string(section.unsupported) +
                               ", which is not supported; it needs aws_access_key_id and "
                               "aws_secret_access_key"};
    }
    return Error{EINVAL,
                 source + " has no " +
                     (section.access.empty() ? "aws_access_key_id" : "aws_secret_access_key")};
  }
  return Credentials{std::string(section.access), Secret(std::string(section.secret)),
                     Secret(std::string(section.token)), source};
}

}  // namespace pailfs::s3
