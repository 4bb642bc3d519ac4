// SPDX-License-Identifier: Apache-2.0
#include "auth/credentials_passwd.h"
#include "fuzz_input.h"

namespace {

void check(std::string_view text) {
  const auto found = pailfs::auth::parse_passwd(text, "bucket", "/passwd");
  if (found) hold(!found->access_key.empty() && !found->secret_key.empty());
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
