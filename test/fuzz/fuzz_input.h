// SPDX-License-Identifier: Apache-2.0
// What every fuzz target is: `check` on bytes from anywhere. A property that fails ends the
// process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

inline void hold(bool property) {
  if (!property) std::abort();
}

#define PAILFS_FUZZ_TARGET(check)                                                     \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    check(std::string_view(reinterpret_cast<const char*>(data), size));               \
    return 0;                                                                         \
  }
