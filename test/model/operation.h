// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/fault_store.h"

namespace pailfs::test {

/// One step of a random history. A pure value that makes sense in any state, so that a failing
/// history can be shortened by leaving steps out.
struct Operation {
  enum class Kind {
    write,
    patch,
    truncate,
    mkdir,
    rmdir,
    unlink,
    rename,
    foreign_put,     ///< by another client; the caches expire afterwards
    foreign_remove,  ///< likewise
    expire,
    remount,
  };
  Kind kind = Kind::expire;
  std::string path;  ///< or key
  std::string other;
  std::uint64_t number = 0;
  std::string bytes;
  /// The nth request of the step goes wrong in this way.
  struct Trouble {
    int nth = 1;
    Fault::Action action = Fault::Action::fail;
    int err = EIO;
  };
  std::optional<Trouble> trouble;

  /// As a line for a person.
  [[nodiscard]] std::string text() const;
};

/// `count` steps over a tiny alphabet in which '-' and '.' sort before '/', '0' after it.
std::vector<Operation> random_operations(std::uint64_t seed, std::size_t count);

}  // namespace pailfs::test
