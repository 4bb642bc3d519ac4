// SPDX-License-Identifier: Apache-2.0
#include "aws_files.h"

#include <unistd.h>

namespace pailfs::auth {

std::string below_home(const CredentialConfig& config, const std::string& path) {
  const std::string home = config.variable("HOME");
  const std::string file = home + path;
  return home.starts_with('/') && ::access(file.c_str(), F_OK) == 0 ? file : config.home + path;
}

}  // namespace pailfs::auth
