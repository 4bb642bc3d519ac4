// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace pailfs::journal {

/// The position that a listing of the journal has reached. A page of ours can hold more than one of
/// the store's, or a part of one: a continuation is the name after which to go on, and the store's
/// continuation for the page with that name. A value.
struct ListPosition {
  std::string after;    ///< the last name returned; empty: none
  std::string inner;    ///< the store's continuation
  bool inside = false;  ///< `after` is in the page that `inner` asks for

  /// The position as a continuation, which is opaque to callers.
  [[nodiscard]] std::string text() const;
  /// The beginning for ""; nothing for a text that text() does not write.
  static std::optional<ListPosition> parse(const std::string& text);
};

}  // namespace pailfs::journal
