// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace pailfs {
namespace {

using Table = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr Table make_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    }
    table[0][byte] = value;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t row = 1; row < 4; ++row) {
      const std::uint32_t value = table[row - 1][byte];
      table[row][byte] = (value >> 8U) ^ table[0][value & 0xFFU];
    }
  }
  return table;
}

constexpr Table kTable = make_table();

std::uint32_t by_tables(std::span<const char> bytes, std::uint32_t crc) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    crc ^= byte(at) | static_cast<std::uint32_t>(byte(at + 1)) << 8U |
           static_cast<std::uint32_t>(byte(at + 2)) << 16U |
           static_cast<std::uint32_t>(byte(at + 3)) << 24U;
    crc = kTable[3][crc & 0xFFU] ^ kTable[2][(crc >> 8U) & 0xFFU] ^
          kTable[1][(crc >> 16U) & 0xFFU] ^ kTable[0][crc >> 24U];
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8U) ^ kTable[0][(crc ^ byte(at)) & 0xFFU];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::span<const char> bytes,
                                                               std::uint32_t crc) {
  std::uint64_t wide = crc;
  while (bytes.size() >= sizeof(wide)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    wide = _mm_crc32_u64(wide, word);
    bytes = bytes.subspan(sizeof(word));
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char byte : bytes) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(byte));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(bytes, ~before);
#endif
  return ~by_tables(bytes, ~before);
}

std::uint32_t crc32c_by_tables(std::span<const char> bytes, std::uint32_t before) {
  return ~by_tables(bytes, ~before);
}

}  // namespace pailfs
