// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/crc32c.h"

#include <string>

#include "support/catch.h"

namespace pailfs {
namespace {

TEST_CASE("CRC-32C is that of RFC 3720") {
  for (const auto crc : {&crc32c, &crc32c_by_tables}) {
    const std::string zeros(32, '\0');
    CHECK(crc(zeros, 0) == 0x8A9136AAU);
    CHECK(crc(std::string("123456789"), 0) == 0xE3069283U);
    CHECK(crc(std::string("6789"), crc(std::string("12345"), 0)) == 0xE3069283U);
  }
}

TEST_CASE("the processor's instruction and the tables agree at any length and alignment") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 37 + 11));
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t size = 0; begin + size <= bytes.size(); ++size) {
      const std::span<const char> piece = std::span<const char>(bytes).subspan(begin, size);
      INFO(begin << "+" << size);
      CHECK(crc32c(piece, 7) == crc32c_by_tables(piece, 7));
    }
  }
}

TEST_CASE("long pieces, taken in lanes, have the checksum of the same bytes in short ones") {
  std::string bytes;
  for (std::uint32_t i = 0; i < 40000; ++i)
    bytes.push_back(static_cast<char>(i * i * 2654435761U >> 24U));
  for (const std::size_t size : {12287U, 12288U, 12289U, 24575U, 24576U, 36871U, 40000U}) {
    const std::span<const char> piece = std::span<const char>(bytes).subspan(40000 - size);
    INFO(size);
    CHECK(crc32c(piece, 7) == crc32c_by_tables(piece, 7));
    CHECK(crc32c(piece.subspan(13000 % size), crc32c(piece.first(13000 % size))) ==
          crc32c_by_tables(piece));
  }
}

}  // namespace
}  // namespace pailfs
