// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace pailfs::journal {

/// How far a listing of the journal has come. A page of ours can hold more than one of the store's,
/// or a part of one: a continuation is the name after which to go on, and how the store's page is
/// asked for in which that name is.
struct ListPosition {
  std::string after;    ///< the last name that was given out; empty: none
  std::string inner;    ///< the store's continuation
  bool inside = false;  ///< `after` is in the page that is asked for with it

  /// As a continuation, which is text to everyone but us.
  [[nodiscard]] std::string text() const;
  /// Of "" the beginning; nothing of what text() does not write.
  static std::optional<ListPosition> parse(const std::string& text);
};

}  // namespace pailfs::journal
