// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace pailfs::journal {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4). `before`: of what came earlier, to go on with.
std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t before = 0);

}  // namespace pailfs::journal
