// SPDX-License-Identifier: Apache-2.0
#include "hashed_name.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace pailfs::cache {

std::string hashed_name(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016" PRIx64, hash);
  return digits.data();
}

}  // namespace pailfs::cache
