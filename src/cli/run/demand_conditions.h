// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pailfs/s3/client.h"

#include "cli/options/options.h"
#include "start_failure.h"

namespace pailfs::cli {

/// The option of the mount that cannot do without conditional writes; null: none.
const char* option_that_demands_conditions(const Options& options);

/// For options that cannot do without conditional writes, `option` being the one to name. Tries
/// them on an object of its own below the prefix, with about six requests. Nothing when the service
/// makes a PUT only if there is no such object, and only if there is the version that is meant.
std::optional<StartFailure> demand_conditions(const Options& options, s3::Client& client,
                                              const std::string& option);

/// What the service does wrong, as the rest of a sentence about it; empty: nothing.
std::string disobedience(const s3::TriedCondition& tried);

}  // namespace pailfs::cli
