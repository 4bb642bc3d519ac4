// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace pailfs::cli {

/// "all" (zero) or numbers with the units Y M D h m s in this order, each at most once:
/// "1Y6M10D12h". A year has 365 days, a month 30. Nothing for anything else.
std::optional<std::chrono::seconds> parse_age(std::string_view text);

}  // namespace pailfs::cli
