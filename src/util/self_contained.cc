// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/self_contained.h"

#include <nss.h>

#include <array>
#include <utility>

#include <openssl/crypto.h>

namespace pailfs {

void use_no_plugins() {
  // Since glibc 2.34 "files" and "dns" are part of the library itself.
  constexpr std::array<std::pair<const char*, const char*>, 8> kSources = {{
      {"hosts", "files dns"},
      {"passwd", "files"},
      {"group", "files"},
      {"initgroups", "files"},
      {"shadow", "files"},
      {"networks", "files"},
      {"protocols", "files"},
      {"services", "files"},
  }};
  for (const auto& [database, sources] : kSources) __nss_configure_lookup(database, sources);
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

}  // namespace pailfs
