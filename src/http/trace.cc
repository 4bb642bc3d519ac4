// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <algorithm>
#include <array>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::http {
namespace {

constexpr std::string_view kMask = "[SENSITIVE]";

/// Parts of names, lower case: a field whose name contains one is secret.
constexpr std::array<std::string_view, 9> kSecretFields = {
    "authorization",  // also proxy-authorization
    "security-token", "session-token", "s3session-token", "customer-key",
    "cookie",  // also set-cookie
    "metadata-token",
    "bearer_token",  // of IAM Identity Center
    "dpop",
};

/// Query parameters of presigned URLs, version 4 and 2, lower case.
constexpr std::array<std::string_view, 5> kSecretParameters = {
    "x-amz-signature", "x-amz-credential", "x-amz-security-token", "signature", "awsaccesskeyid",
};

bool is_secret_field(std::string_view name) {
  const std::string lower = to_lower(name);
  return std::any_of(kSecretFields.begin(), kSecretFields.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

bool is_secret_parameter(std::string_view name) {
  const std::string lower = to_lower(percent_decode(name));
  return std::find(kSecretParameters.begin(), kSecretParameters.end(), lower) !=
         kSecretParameters.end();
}

std::string mask_parameters(std::string_view line) {
  std::string out;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t start = line.find_first_of("?&", at);
    if (start == std::string_view::npos) break;
    const std::size_t stop = std::min(line.find_first_of("&# \t\r\n", start + 1), line.size());
    const std::string_view parameter = line.substr(start + 1, stop - start - 1);
    const std::size_t equals = parameter.find('=');
    const bool secret =
        equals != std::string_view::npos && is_secret_parameter(parameter.substr(0, equals));
    const std::size_t shown = secret ? start + 1 + equals + 1 : stop;
    out += line.substr(at, shown - at);
    if (secret) out += kMask;
    at = stop;
  }
  return out.append(line.substr(std::min(at, line.size())));
}

struct Kind {
  std::string_view arrow;
  bool is_body;
};

int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* context) {
  const bool with_bodies = context != nullptr;
  Kind kind{};
  switch (type) {
    case CURLINFO_TEXT:
      kind = {"* ", false};
      break;
    case CURLINFO_HEADER_IN:
      kind = {"< ", false};
      break;
    case CURLINFO_HEADER_OUT:
      kind = {"> ", false};
      break;
    case CURLINFO_DATA_IN:
      kind = {"{ ", true};
      break;
    case CURLINFO_DATA_OUT:
      kind = {"} ", true};
      break;
    default:
      return 0;  // TLS records
  }
  if (kind.is_body && !with_bodies) return 0;
  std::string_view rest(data, size);
  while (!rest.empty()) {
    const std::size_t end = kind.is_body ? std::string_view::npos : rest.find('\n');
    const std::string_view line = kind.is_body ? rest : trim(rest.substr(0, end));
    const std::string shown = kind.is_body ? printable(line, 4096) : mask_secrets(line);
    // At the level that is always on, as in s3fs, because the user asked for it by curldbg.
    if (!line.empty()) {
      log::write(LogLevel::critical, "[CURL DBG] " + std::string(kind.arrow) + shown);
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return 0;
}

}  // namespace

std::string mask_secrets(std::string_view line) {
  // A request line has a blank before any colon, a header field has not.
  const std::size_t colon = line.find(':');
  const std::string_view name = colon == std::string_view::npos ? "" : trim(line.substr(0, colon));
  if (name.find(' ') == std::string_view::npos && is_secret_field(name)) {
    return std::string(name).append(": ").append(kMask);
  }
  return mask_parameters(line);
}

void trace_to_log(CURL* easy, bool with_bodies) {
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, with_bodies ? easy : nullptr);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

}  // namespace pailfs::http
