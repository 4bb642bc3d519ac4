// SPDX-License-Identifier: Apache-2.0
// The one Catch2 include of every test: hides the differences between Catch2 2.13 and 3.x.
#pragma once
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
/// Catch2 2.x has no SKIP: say why, count as passed, leave the test.
#define SKIP(reason)             \
  do {                           \
    WARN("skipped: " << reason); \
    SUCCEED("skipped");          \
    return;                      \
  } while (0)
namespace Catch::Matchers {
inline auto ContainsSubstring(const std::string& text,
                              CaseSensitive::Choice c = CaseSensitive::Yes) {
  return Contains(text, c);
}
}  // namespace Catch::Matchers
#endif
