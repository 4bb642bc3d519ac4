// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"
#include "pailfs/util/text.h"

namespace pailfs::store {

/// The limits of a store; the defaults are S3's ("Amazon S3 multipart upload limits", "Creating
/// object key names"). Of parts that a caller cuts itself, all but the last should be of one size:
/// services that take no others answer Refusal::part_unsuitable when the upload is completed.
struct Limits {
  std::size_t longest_key = 1024;            ///< bytes
  std::size_t most_metadata = 2048;          ///< bytes of names and values of one object
  std::uint64_t smallest_part = 5U << 20U;   ///< but for the last of an upload
  std::uint64_t largest_part = 5ULL << 30U;  ///< also what one put or copy takes
  std::uint64_t most_parts = 10'000;         ///< of an upload, numbered from 1
  [[nodiscard]] std::uint64_t largest_object() const { return largest_part * most_parts; }
};

/// ENAMETOOLONG when the store takes no key of so many bytes; `shown` is the name in the message.
inline Status check_length(std::size_t key_size, std::string_view shown, const Limits& limits) {
  if (key_size <= limits.longest_key) return {};
  return Error{ENAMETOOLONG, printable(shown) + ": longer than a key of " +
                                 std::to_string(limits.longest_key) + " bytes"};
}

}  // namespace pailfs::store
