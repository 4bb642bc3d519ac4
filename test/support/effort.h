// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace pailfs::test {

/// Whether a test may take its time. With a sanitizer, which makes it ten times slower, tests whose
/// rounds are all alike play fewer of them, unless PAILFS_THOROUGH is set as `scripts/test --all`
/// does; every other build plays all.
inline bool thorough() {
#ifdef PAILFS_SANITIZED
  return std::getenv("PAILFS_THOROUGH") != nullptr;
#else
  return true;
#endif
}

/// So many rounds; a tenth when it must be quick.
inline int rounds(int all) {
  return thorough() ? all : (all + 9) / 10;
}

}  // namespace pailfs::test
