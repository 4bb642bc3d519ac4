// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "auth/credentials_profile.h"
#include "fuzz_input.h"

namespace {

/// ~/.aws/credentials and ~/.aws/config with the same bytes.
void check(std::string_view text) {
  pailfs::auth::Profiles profiles;
  profiles.read(text, pailfs::auth::Profiles::Form::credentials);
  profiles.read(text, pailfs::auth::Profiles::Form::config);
  for (const char* name : {"default", "a", "b"}) {
    const auto plan = pailfs::auth::plan_profile(profiles, name, "/files");
    hold(plan || !plan.error().text.empty());
    // A chain is no longer than there are profiles.
    if (plan) hold(plan->roles.size() <= text.size());
  }
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
