// SPDX-License-Identifier: Apache-2.0
// The journal's records as bytes. Pure.
//
//   frame:   "PJ1\n", length of what follows the checksum, CRC-32C of all but these first 12 bytes
//   then:    batch, kind, fields; numbers are little-endian, texts have their length before them
//
// A batch is the records that one fdatasync makes durable: until then any part of it may be on the
// disk. A record says where in its segment its batch begins. When it is found, all records before
// that place had been acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "want.h"

namespace pailfs::journal {

struct Record {
  /// On the disk a change with a condition or appended bytes, and a change that is over with a
  /// size, have numbers of their own, 4 and 5, and more fields: an earlier build takes such a
  /// record for damage, and reads all others.
  enum class Kind : std::uint8_t {
    change = 1,  ///< `key` shall become `want`
    done = 2,    ///< changes of `key` up to `seq` are over; the store then held `base`
    follows = 3  ///< first in a segment: the one before it is acknowledged up to `seq`
  };
  Kind kind = Kind::change;
  store::Key key;
  Sequence seq = 0;
  Base base;
  /// Of a change that is over: size of `base`, where later changes here may have appended to it.
  std::optional<std::uint64_t> size;
  // Fields of a change:
  Sequence since = 0;
  Want want;
  std::vector<Mark> before;
  bool has_bytes = false;  ///< the body `want.body` follows in the record itself
  std::string_view bytes;  ///< then these
};

constexpr std::size_t kFrameHead = 12;
/// Above this a length is damage: a key, 2 KiB of metadata, headers and an inline body fit.
constexpr std::size_t kLongestRecord = 4U << 20U;

std::string encode(const Record& record, std::uint64_t batch_at);

/// A record found at the beginning of `bytes`.
struct Decoded {
  Record record;  ///< `bytes` points into the decoded text
  std::uint64_t batch_at = 0;
  std::size_t length = 0;  ///< of the whole frame
};
/// The record; nothing when it is incomplete or damaged.
std::optional<Decoded> decode(std::string_view bytes);

}  // namespace pailfs::journal
