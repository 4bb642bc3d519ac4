// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"

namespace pailfs::auth {

/// What places with keys depend on, kept by the sources made from it. A value.
struct CredentialContext {
  CredentialConfig config;
  KeyTransports transports;
  const Clock& clock;

  [[nodiscard]] std::string variable(const std::string& name) const {
    return config.variable(name);
  }
};

}  // namespace pailfs::auth
