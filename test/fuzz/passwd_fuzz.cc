// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz_input.h"
#include "s3/credentials_passwd.h"

namespace {

void check(std::string_view text) {
  const auto found = pailfs::s3::parse_passwd(text, "bucket", "/passwd");
  if (found) hold(!found->access_key.empty() && !found->secret_key.empty());
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
