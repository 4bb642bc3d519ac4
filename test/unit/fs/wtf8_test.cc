// SPDX-License-Identifier: Apache-2.0
#include "fs/format/wtf8.h"

#include <random>

#include "pailfs/util/text.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const bool control = text.size() > 1 && text[0] == '\xc2' && (text[1] & '\xc0') == '\x80';
    const std::size_t length = control ? 2 : utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

TEST_CASE("bytes that are not UTF-8 become private code points, as s3fs stores them") {
  struct Row {
    std::string name;
    std::string stored;
  };
  const std::vector<Row> rows = {
      {"plain", "plain"},
      {"\xc3\xa9", "\xc3\xa9"},
      {"\xc2\x9b", "\xc2\x9b"},
      {"f\xe9lag", "f\xee\x83\xa9lag"},
      {"\xff", "\xee\x83\xbf"},
      {"\x80", "\xee\x82\x80"},
      {"\xc3", "\xee\x83\x83"},
      {"\xed\xa0\x80", "\xee\x83\xad\xee\x82\xa0\xee\x82\x80"},  // a surrogate is none
      {"\xee\x83\xa9", "\xee\x83\xae\xee\x82\x83\xee\x82\xa9"},  // looks like an escape
      {"\xef\xa3\xbf", "\xef\xa3\xbf"},                          // private, but no escape
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(encode_wtf8(row.name) == row.stored);
    CHECK(decode_wtf8(row.stored) == row.name);
  }
}

TEST_CASE("any bytes make the round trip through valid UTF-8") {
  std::mt19937 random(7);
  int wrong = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string name;
    for (auto left = random() % 12; left > 0; --left) {
      constexpr std::string_view kLikely = "a\xee\x80\x83\xbf\xc3\xf0\xff";
      name += random() % 3 == 0 ? static_cast<char>(random()) : kLikely[random() % kLikely.size()];
    }
    const std::string stored = encode_wtf8(name);
    wrong += is_utf8(stored) && decode_wtf8(stored) == name ? 0 : 1;
  }
  CHECK(wrong == 0);
}
