// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define PAILFS_CRC32C_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__) && !defined(__clang__)  // clang 14 has these only with -march=…+crc
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define PAILFS_CRC32C_TARGET __attribute__((target("+crc")))
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

#if defined(PAILFS_CRC32C_TARGET)

#if defined(__x86_64__)
bool has_instruction() {
  return __builtin_cpu_supports("sse4.2") != 0;
}
PAILFS_CRC32C_TARGET std::uint64_t add_word(std::uint64_t crc, std::uint64_t word) {
  return _mm_crc32_u64(crc, word);
}
PAILFS_CRC32C_TARGET std::uint32_t add_byte(std::uint32_t crc, unsigned char byte) {
  return _mm_crc32_u8(crc, byte);
}
#else
bool has_instruction() {
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
PAILFS_CRC32C_TARGET std::uint64_t add_word(std::uint64_t crc, std::uint64_t word) {
  return __crc32cd(static_cast<std::uint32_t>(crc), word);
}
PAILFS_CRC32C_TARGET std::uint32_t add_byte(std::uint32_t crc, unsigned char byte) {
  return __crc32cb(crc, byte);
}
#endif

/// The instruction answers after three cycles but takes a word every cycle: three lanes, each of
/// this many bytes, side by side keep it busy. A power of two, see make_skip().
constexpr std::size_t kLane = 4096;

/// The change that kLane zero bytes make to a checksum, by each byte of that checksum. Bytes change
/// a checksum linearly (over xor), so the checksum of two runs is that of the first, advanced by
/// the second's length, xor that of the second.
constexpr Table make_skip() {
  std::array<std::uint32_t, 32> of_bit{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    const std::uint32_t value = 1U << bit;
    of_bit[bit] = (value >> 8U) ^ kTable[0][value & 0xFFU];
  }
  const auto apply = [&of_bit](std::uint32_t value) {
    std::uint32_t sum = 0;
    for (std::size_t bit = 0; value != 0; ++bit, value >>= 1U)
      if ((value & 1U) != 0) sum ^= of_bit[bit];
    return sum;
  };
  for (std::size_t length = 1; length < kLane; length *= 2) {
    std::array<std::uint32_t, 32> twice{};
    for (std::size_t bit = 0; bit < 32; ++bit) twice[bit] = apply(of_bit[bit]);
    of_bit = twice;
  }
  Table skip{};
  for (std::size_t row = 0; row < 4; ++row)
    for (std::uint32_t byte = 0; byte < 256; ++byte) skip[row][byte] = apply(byte << (8 * row));
  return skip;
}

constexpr Table kSkip = make_skip();

std::uint64_t past_a_lane(std::uint64_t crc) {
  return kSkip[0][crc & 0xFFU] ^ kSkip[1][(crc >> 8U) & 0xFFU] ^ kSkip[2][(crc >> 16U) & 0xFFU] ^
         kSkip[3][(crc >> 24U) & 0xFFU];
}

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

PAILFS_CRC32C_TARGET std::uint32_t by_instruction(std::span<const char> bytes, std::uint32_t crc) {
  std::uint64_t first = crc;
  for (; bytes.size() >= 3 * kLane; bytes = bytes.subspan(3 * kLane)) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const char* at = bytes.data(); at != bytes.data() + kLane; at += sizeof(first)) {
      first = add_word(first, word_at(at));
      second = add_word(second, word_at(at + kLane));
      third = add_word(third, word_at(at + 2 * kLane));
    }
    first = past_a_lane(past_a_lane(first) ^ second) ^ third;
  }
  for (; bytes.size() >= sizeof(first); bytes = bytes.subspan(sizeof(first)))
    first = add_word(first, word_at(bytes.data()));
  crc = static_cast<std::uint32_t>(first);
  for (const char byte : bytes) crc = add_byte(crc, static_cast<unsigned char>(byte));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t before) {
#if defined(PAILFS_CRC32C_TARGET)
  static const bool quick = has_instruction();
  if (quick) return ~by_instruction(bytes, ~before);
#endif
  return ~by_tables(bytes, ~before);
}

std::uint32_t crc32c_by_tables(std::span<const char> bytes, std::uint32_t before) {
  return ~by_tables(bytes, ~before);
}

}  // namespace pailfs
