// SPDX-License-Identifier: Apache-2.0
// Utility mode, as s3fs has it: work on unfinished multipart uploads instead of a mount. The output
// has s3fs's form, for programs that read it.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// Prints every unfinished upload below `prefix` on `out`. Reads all pages before it prints, so
/// that a failure is never taken for a short list.
Status list_uploads(store::ObjectStore& store, const std::string& prefix, std::ostream& out);

/// Removes the unfinished uploads that are at least `age` old at `now`, and prints each on `out`.
/// Goes on after one that cannot be removed; the error then names the first such upload and gives
/// their number.
Status abort_uploads(store::ObjectStore& store, const std::string& prefix, std::chrono::seconds age,
                     WallTime now, std::ostream& out);

}  // namespace pailfs::cli
