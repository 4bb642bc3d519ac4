// SPDX-License-Identifier: Apache-2.0
#include "age.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

using std::chrono::seconds;

struct Unit {
  char letter;
  std::int64_t length;  ///< in seconds
};
constexpr Unit kUnits[] = {{'Y', 365 * 86400}, {'M', 30 * 86400}, {'D', 86400},
                           {'h', 3600},        {'m', 60},         {'s', 1}};
/// More is a typing error.
constexpr std::uint64_t kMostOfAUnit = 1'000'000;

}  // namespace

std::optional<seconds> parse_age(std::string_view text) {
  if (text == "all") return seconds(0);
  if (text.empty()) return std::nullopt;
  seconds age{0};
  const Unit* unit = std::begin(kUnits);
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == text.size()) return std::nullopt;
    const auto number = parse_uint(text.substr(0, digits));
    unit = std::find_if(unit, std::end(kUnits),
                        [&](const Unit& one) { return one.letter == text[digits]; });
    if (!number || *number > kMostOfAUnit || unit == std::end(kUnits)) return std::nullopt;
    age += seconds(static_cast<std::int64_t>(*number) * unit->length);
    ++unit;
    text.remove_prefix(digits + 1);
  }
  return age;
}

}  // namespace pailfs::cli
