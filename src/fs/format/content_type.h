// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace pailfs::fs {

/// Content-Type by file name, after a mime.types file: the text after the last '.', then after the
/// one before it, exact case, as s3fs does. Immutable once read; any thread may ask.
class ContentTypes final {
 public:
  /// An unreadable file gives an empty table: everything is application/octet-stream.
  static ContentTypes read(const std::string& path);
  static ContentTypes parse(std::string_view text);

  [[nodiscard]] std::string type_of(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::string> by_suffix_;
};

}  // namespace pailfs::fs
