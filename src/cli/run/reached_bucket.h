// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pailfs/s3/client.h"
#include "pailfs/util/result.h"

#include "cli/options/options.h"
#include "start_failure.h"

namespace pailfs::cli {

/// The bucket's answer to the first request of a mount.
struct ReachedBucket {
  std::optional<StartFailure> refusal;  ///< set: it cannot be mounted, and `page` is empty or odd
  store::ListPage page;                 ///< the first one below the prefix
  std::vector<std::string> remarks;     ///< for the user, with or without a refusal
};

/// Asks for the first page; without keys (`no_keys` says why) a public bucket gives it. A prefix
/// that is a file in the bucket is refused too; an empty prefix of a read-only mount leads to a
/// remark.
ReachedBucket reach_bucket(const Options& options, s3::Client& client,
                           const std::optional<Error>& no_keys);

}  // namespace pailfs::cli
