// SPDX-License-Identifier: Apache-2.0
#include "pailfs/fuse/greetings.h"

#include <string>

#include "support/catch.h"

namespace pailfs::fuse {

TEST_CASE("a greeting is remembered, and other names are not") {
  Greetings greetings;
  const std::string name = std::string(Greetings::kPrefix) + "1";
  CHECK_FALSE(greetings.has(name));
  CHECK(greetings.take(name));
  CHECK(greetings.has(name));
  CHECK_FALSE(greetings.take("file"));
  CHECK_FALSE(greetings.has("file"));
  CHECK_FALSE(greetings.has(""));
  CHECK_FALSE(greetings.take(std::string(Greetings::kPrefix) + std::string(200, '1')));
}

TEST_CASE("old greetings make room for new ones") {
  Greetings greetings;
  for (int i = 0; i < 17; ++i)
    CHECK(greetings.take(std::string(Greetings::kPrefix) + std::to_string(i)));
  CHECK_FALSE(greetings.has(std::string(Greetings::kPrefix) + "0"));
  CHECK(greetings.has(std::string(Greetings::kPrefix) + "1"));
  CHECK(greetings.has(std::string(Greetings::kPrefix) + "16"));
}

}  // namespace pailfs::fuse
