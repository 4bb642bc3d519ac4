// SPDX-License-Identifier: Apache-2.0
// Utility mode, as s3fs has it: work on unfinished multipart uploads instead of a mount. What is
// printed has s3fs's form, for the programs that read it.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/s3/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// "all" (zero) or numbers with the units Y M D h m s in this order, each at most once:
/// "1Y6M10D12h". A year has 365 days, a month 30. Nothing for anything else.
std::optional<std::chrono::seconds> parse_age(std::string_view text);

/// Prints every unfinished upload below `prefix` on `out`. Reads all pages before it prints, so
/// that a failure is never taken for a short list.
Status list_uploads(s3::ObjectStore& store, const std::string& prefix, std::ostream& out);

/// Removes those that are at least `age` old at `now`, and prints each on `out`. Goes on after one
/// that cannot be removed; the error then names the first and says how many there were.
Status abort_uploads(s3::ObjectStore& store, const std::string& prefix, std::chrono::seconds age,
                     WallTime now, std::ostream& out);

}  // namespace pailfs::cli
