// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pailfs::s3 {

/// The place where a listing goes on, which also notices when a service leads in a circle of any
/// length (Brent's method: remember the token of page 1, 2, 4, 8, ... and compare). Markers need
/// none of this, because they must grow.
struct Cursor {
  std::uint64_t page = 0;
  std::string landmark;
  std::string token;

  /// Steps to the page that `next` names; nothing if that was seen before.
  [[nodiscard]] std::optional<Cursor> step(const std::string& next) const;

  [[nodiscard]] std::string text() const;  ///< for ListPage::next
  static std::optional<Cursor> parse(const std::string& text);
};

}  // namespace pailfs::s3
