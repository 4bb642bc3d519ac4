// SPDX-License-Identifier: Apache-2.0
#include "journal/list_position.h"

#include "support/catch.h"

namespace pailfs::journal {

TEST_CASE("a position of a listing is what its text says") {
  for (const bool inside : {false, true}) {
    for (const char* after : {"", "a", "d/e:5", "12:ü"}) {
      for (const char* inner : {"", "token", "3:x"}) {
        const auto read = ListPosition::parse(ListPosition{after, inner, inside}.text());
        REQUIRE(read);
        CHECK(read->after == after);
        CHECK(read->inner == inner);
        CHECK(read->inside == inside);
      }
    }
  }
}

TEST_CASE("a text that is no position is refused, and none is the beginning") {
  const auto begin = ListPosition::parse("");
  REQUIRE(begin);
  CHECK(begin->after.empty());
  CHECK(begin->inner.empty());
  CHECK_FALSE(begin->inside);
  for (const char* wrong : {"+", "-", "+1", ":", "+:a", "1:a", "x1:a", "+2:a", "-x:a", "--1:a",
                            "+99999999999999999999:a"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ListPosition::parse(wrong));
  }
}

}  // namespace pailfs::journal
