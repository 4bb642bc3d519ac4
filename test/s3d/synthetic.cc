// SPDX-License-Identifier: Apache-2.0
#include "synthetic.h"

#include <algorithm>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::uint64_t kPartSize = 8 << 20;

std::string pattern() {
  std::string out(kSyntheticPeriod, '\0');
  std::uint64_t state = 1;
  for (char& c : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(state >> 56U);
  }
  return out;
}

}  // namespace

Body synthetic_body(std::uint64_t size) {
  static const auto block = std::make_shared<const std::string>(pattern());
  Body out;
  while (out.size() < size)
    out.append({block, std::string_view(*block).substr(0, size - out.size())});
  return out;
}

std::string synthetic_etag(std::uint64_t size) {
  return hex(md5("synthetic " + std::to_string(size))) + "-" +
         std::to_string(std::max<std::uint64_t>(1, (size + kPartSize - 1) / kPartSize));
}

}  // namespace s3d
