// SPDX-License-Identifier: Apache-2.0
// Strings in and out of an ObjectStore, for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pailfs/store/object_store.h"

#include "fake_store.h"

namespace pailfs::test {

Result<store::ETag> put_text(store::ObjectStore& store, const store::Key& key, std::string text,
                             store::ObjectAttributes attributes = {});

struct Got {
  store::ObjectInfo info;
  std::string bytes;
};
/// Fails with EPROTO when the bytes did not come in order.
Result<Got> get_text(store::ObjectStore& store, const store::Key& key,
                     std::optional<store::ByteRange> range = {}, const store::ETag& if_match = {});

/// All pages of a listing. Fails with EPROTO when the pages do not end.
Result<store::ListPage> list_all(store::ObjectStore& store, const std::string& prefix,
                                 bool delimited, std::size_t page = 1000);

/// `size` bytes that differ from place to place and from seed to seed.
std::string pattern(std::size_t size, std::uint64_t seed = 1);

/// errno of the outcome, 0 for success: what a CHECK can show.
template <class T>
int err(const T& outcome) {
  return outcome ? 0 : outcome.error().err;
}

}  // namespace pailfs::test
