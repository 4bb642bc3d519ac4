// SPDX-License-Identifier: Apache-2.0
// Strings in and out of an ObjectStore, for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pailfs/s3/object_store.h"

#include "support/fake_store.h"

namespace pailfs::test {

Result<s3::ETag> put_text(s3::ObjectStore& store, const s3::Key& key, std::string text,
                          s3::ObjectAttributes attributes = {});

struct Got {
  s3::ObjectInfo info;
  std::string bytes;
};
/// Fails with EPROTO when the bytes did not come in order.
Result<Got> get_text(s3::ObjectStore& store, const s3::Key& key,
                     std::optional<s3::ByteRange> range = {}, const s3::ETag& if_match = {});

/// All pages of a listing. Fails with EPROTO when the pages do not end.
Result<s3::ListPage> list_all(s3::ObjectStore& store, const std::string& prefix, bool delimited,
                              std::size_t page = 1000);

/// `size` bytes that differ from place to place and from seed to seed.
std::string pattern(std::size_t size, std::uint64_t seed = 1);

/// errno of the outcome, 0 for success: what a CHECK can show.
template <class T>
int err(const T& outcome) {
  return outcome ? 0 : outcome.error().err;
}

}  // namespace pailfs::test
