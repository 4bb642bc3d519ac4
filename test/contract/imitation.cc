// SPDX-License-Identifier: Apache-2.0
#include "imitation.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "s3d/imitate.h"

namespace pailfs::test {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> rules_to_imitate() {
  const std::string service = from_environment("PAILFS_TEST_IMITATE");
  if (service.empty()) return {};
  auto rules = s3d::rules_of_service(service);
  if (!rules) {
    std::cerr << "PAILFS_TEST_IMITATE: no such service: " << service << std::endl;
    std::_Exit(1);
  }
  return *std::move(rules);
}

}  // namespace pailfs::test
