// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"

namespace pailfs::auth {

/// The configuration, transports and clock that sources of keys depend on. A value; each source
/// keeps a copy.
struct CredentialContext {
  CredentialConfig config;
  KeyTransports transports;
  const Clock& clock;

  [[nodiscard]] std::string variable(const std::string& name) const {
    return config.variable(name);
  }
};

}  // namespace pailfs::auth
