// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/json_writer.h"

#include <utility>
#include <vector>

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

TEST_CASE("text becomes a JSON string that every reader takes", "[util]") {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {"line\nend\ttab", R"("line\nend\ttab")"},
      {"\0\x01\x1f\x7f"s, R"("\u0000\u0001\u001f\u007f")"},
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\""},
      {"\xff"
       "a\xc3",
       "\"\xef\xbf\xbd"
       "a\xef\xbf\xbd\""},
      {"\xc2\x9b", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const auto& [text, quoted] : rows) CHECK(json_quote(text) == quoted);
}

TEST_CASE("objects and arrays nest with their commas", "[util]") {
  JsonWriter json;
  json.begin_object().member("name", "x").member("count", std::uint64_t{18446744073709551615U});
  json.key("list").begin_array().value(-1).value(true).null().begin_object().end_object();
  json.end_array().key("empty").begin_array().end_array().member("last", std::string("y"));
  json.end_object();
  CHECK(
      json.text() ==
      R"({"name":"x","count":18446744073709551615,"list":[-1,true,null,{}],"empty":[],"last":"y"})");
}
