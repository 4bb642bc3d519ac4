// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace pailfs {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4). `before` is the CRC of the bytes before these, to
/// continue it. By the processor's own instruction where it has one (about 25 GB/s), else by
/// tables.
std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t before = 0);
/// The same on any processor.
std::uint32_t crc32c_by_tables(std::span<const char> bytes, std::uint32_t before = 0);

}  // namespace pailfs
