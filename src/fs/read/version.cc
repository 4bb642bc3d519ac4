// SPDX-License-Identifier: Apache-2.0
#include "version.h"

#include <string>
#include <utility>

namespace pailfs::fs {

cache::DiskBlocks::Identity identity_of(const Version& version) {
  std::string text = version.key;
  text.push_back('\0');
  text += version.etag.value;
  text.push_back('\0');
  text += std::to_string(version.size);
  return {std::move(text), version.size};
}

bool is_of_key_below(std::string_view identity, std::string_view key) {
  return cache::DiskBlocks::is_below(identity, key);
}

}  // namespace pailfs::fs
