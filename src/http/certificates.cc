// SPDX-License-Identifier: Apache-2.0
#include "certificates.h"

#include <unistd.h>

#include <array>

#include <curl/curl.h>

namespace pailfs::http {
namespace {

constexpr std::array kPlaces = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, Red Hat 7 and later, Amazon
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Red Hat 6
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine without ca-certificates
};

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

BuiltInCertificates built_in_certificates() {
  const curl_version_info_data* const version = curl_version_info(CURLVERSION_NOW);
  return {view(version->cainfo), view(version->capath)};
}

std::string find_certificates(BuiltInCertificates built_in, const std::string& root) {
  const auto is_there = [&](std::string_view path) {
    return !path.empty() && access((root + std::string(path)).c_str(), R_OK) == 0;
  };
  // libcurl fails when its file is missing, whatever its directory holds.
  if (built_in.file.empty() ? is_there(built_in.directory) : is_there(built_in.file)) return {};
  for (const char* const place : kPlaces) {
    if (is_there(place)) return root + place;
  }
  return root + (built_in.file.empty() ? kPlaces.front() : std::string(built_in.file));
}

}  // namespace pailfs::http
