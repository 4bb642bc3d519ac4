// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "fuzz/fuzz_input.h"
#include "s3/credentials_profile.h"

namespace {

/// ~/.aws/credentials and ~/.aws/config with the same bytes.
void check(std::string_view text) {
  pailfs::s3::Profiles profiles;
  profiles.read(text, pailfs::s3::Profiles::Form::credentials);
  profiles.read(text, pailfs::s3::Profiles::Form::config);
  for (const char* name : {"default", "a", "b"}) {
    const auto plan = pailfs::s3::plan_profile(profiles, name, "/files");
    hold(plan || !plan.error().text.empty());
    // A chain is no longer than there are profiles.
    if (plan) hold(plan->roles.size() <= text.size());
  }
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
