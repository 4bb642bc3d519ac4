// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <cstdlib>
#include <map>
#include <sstream>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::test {

Result<Service> parse_service(const std::string& line) {
  Service service;
  std::string domain;
  const std::map<std::string, std::string*> fields{
      {"name", &service.name},
      {"endpoint", &service.url},
      {"region", &service.region},
      {"access", &service.access_key},
      {"secret", &service.secret_key},
      {"bucket", &service.bucket},
      {"domain", &domain},
      {"ca", &service.ca_bundle},
      {"token", &service.session_token},
      {"token_access", &service.session_access},
      {"token_secret", &service.session_secret},
  };
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const auto field = fields.find(word.substr(0, equals));
    if (equals == std::string::npos || field == fields.end()) {
      return Error{EINVAL, "not a field of a server line: " + word};
    }
    *field->second = word.substr(equals + 1);
  }
  for (const char* needed : {"name", "endpoint", "access", "secret", "bucket"}) {
    if (fields.at(needed)->empty()) return Error{EINVAL, std::string("server without ") + needed};
  }
  if (!domain.empty()) {
    service.host_url = service.url.substr(0, service.url.find("://") + 3) + domain;
  }
  return service;
}

Result<std::vector<Service>> services_from_environment() {
  std::vector<Service> services;
  const char* path = std::getenv("PAILFS_TEST_S3_SERVERS");
  if (path == nullptr || *path == '\0') return services;
  auto text = read_file(path, 1U << 20U);
  if (!text) return text.error();
  for (const std::string& line : split(*text, '\n')) {
    if (trim(line).empty() || trim(line).front() == '#') continue;
    auto service = parse_service(line);
    if (!service) return service.error();
    services.push_back(*service);
  }
  return services;
}

}  // namespace pailfs::test
