// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "pailfs/auth/credentials.h"

namespace pailfs::auth {

/// A form (application/x-www-form-urlencoded) that leaves no copies of its secrets behind.
class Form final {
 public:
  static constexpr std::string_view kType = "application/x-www-form-urlencoded; charset=utf-8";

  /// `secret_size`: bytes of the secrets that are added.
  explicit Form(std::size_t secret_size);
  /// A field without a value is left out.
  void add(std::string_view name, std::string_view value);
  Secret take() { return Secret(std::move(text_)); }

 private:
  std::string text_;
};

}  // namespace pailfs::auth
