// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/s3/credentials.h"
#include "pailfs/util/clock.h"

namespace pailfs::s3 {

/// What places with keys depend on, kept by the sources made from it. A value.
struct KeyWorld {
  CredentialConfig config;
  KeyTransports transports;
  const Clock& clock;

  [[nodiscard]] std::string variable(const std::string& name) const {
    return config.variable(name);
  }
};

}  // namespace pailfs::s3
