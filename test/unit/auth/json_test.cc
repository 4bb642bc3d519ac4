// SPDX-License-Identifier: Apache-2.0
#include "auth/json.h"

#include <cerrno>
#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::auth {
namespace {

struct Member {
  std::string name;
  JsonKind kind;
  std::string text;
};

/// `{"a":[[...]]}` with that many levels in all.
std::string nested(int levels) {
  const auto arrays = static_cast<std::size_t>(levels - 1);
  return "{\"a\":" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
}

TEST_CASE("An object of JSON yields its members decoded", "[s3]") {
  struct Row {
    std::string text;
    std::vector<Member> members;
  };
  const std::vector<Row> rows = {
      {"{}", {}},
      {" \t\r\n{ \n} \n", {}},
      {R"({"a":"b"})", {{"a", JsonKind::string, "b"}}},
      {R"({ "a" : "" , "b" : "x y" })",
       {{"a", JsonKind::string, ""}, {"b", JsonKind::string, "x y"}}},
      {R"({"":"empty name"})", {{"", JsonKind::string, "empty name"}}},
      {R"({"a":"\"\\\/\b\f\n\r\t"})", {{"a", JsonKind::string, "\"\\/\b\f\n\r\t"}}},
      {R"({"a":"\u0041\u00e9\u20AC\ud83d\ude00\u0000"})",
       {{"a", JsonKind::string, std::string("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\0", 11)}}},
      {R"({"\u0061":"b"})", {{"a", JsonKind::string, "b"}}},
      {"{\"a\":\"\xC3\xA9\x7f\"}", {{"a", JsonKind::string, "\xC3\xA9\x7f"}}},
      {R"({"a":0,"b":-12.50e+3,"c":7E-1,"d":10})",
       {{"a", JsonKind::number, "0"},
        {"b", JsonKind::number, ""},
        {"c", JsonKind::number, ""},
        {"d", JsonKind::number, "10"}}},
      {R"({"a":-1,"b":18446744073709551615})",
       {{"a", JsonKind::number, "-1"}, {"b", JsonKind::number, "18446744073709551615"}}},
      {R"({"a":true,"b":false,"c":null})",
       {{"a", JsonKind::boolean, "true"},
        {"b", JsonKind::boolean, "false"},
        {"c", JsonKind::null, ""}}},
      {R"({"a":{"x":1,"y":[{},[],"]}",{"x":2,"x":3}]},"b":[ ],"c":"d"})",
       {{"a", JsonKind::nested, ""}, {"b", JsonKind::nested, ""}, {"c", JsonKind::string, "d"}}},
      {nested(kMaxJsonDepth), {{"a", JsonKind::nested, ""}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto object = parse_json_object(row.text);
    REQUIRE(object);
    CHECK(object->size() == row.members.size());
    for (const Member& member : row.members) {
      CAPTURE(member.name);
      const auto found = object->find(member.name);
      REQUIRE(found != object->end());
      CHECK(found->second.kind == member.kind);
      CHECK(found->second.text.reveal() == member.text);
    }
  }
}

TEST_CASE("What is not exactly one object of JSON is refused with the place", "[s3]") {
  struct Row {
    std::string text;
    std::string why = {};  // where it is ours and not RapidJSON's, which has them in its own words
  };
  const std::vector<Row> rows = {
      {"", "no object at byte 0"},
      {"<html>", "no object at byte 0"},
      {"[]", "no object at byte 0"},
      {"\"a\"", "no object at byte 0"},
      {"\xEF\xBB\xBF{}", "no object at byte 0"},
      {"{"},
      {"{} {}"},
      {std::string("{}\0", 3), "a zero byte at byte 2"},
      {"{a:1}"},
      {"{'a':1}"},
      {R"({"a"})"},
      {R"({"a":})"},
      {R"({"a":1,})"},
      {R"({"a":1 "b":2})"},
      {R"({"a":1,"a":2})", "a name for the second time at byte 10"},
      {R"({"a":1,"\u0061":2})", "a name for the second time at byte 15"},
      {R"({"a":tru})"},
      {R"({"a":True})"},
      {R"({"a":nullx})"},
      {R"({"a":NaN})"},
      {R"({"a":01})"},
      {R"({"a":+1})"},
      {R"({"a":.5})"},
      {R"({"a":1.})"},
      {R"({"a":1e})"},
      {R"({"a":-})"},
      {R"({"a":"b)"},
      {R"({"a":"b\)"},
      {"{\"a\":\"b\nc\"}"},
      {std::string("{\"a\":\"\0\"}", 9), "a zero byte at byte 6"},
      {R"({"a":"\x"})"},
      {R"({"a":"\'"})"},
      {R"({"a":"\u12g4"})"},
      {R"({"a":"\ud83d"})"},
      {R"({"a":"\ud83dx"})"},
      {R"({"a":"\ud83d\u0041"})"},
      {"{\"a\":\"\xED\xA0\x80\"}", "half a surrogate pair at byte 10"},
      {R"({"a":{"\ude00":1}})", "half a surrogate pair at byte 14"},
      {R"({"a":1e999})"},
      {R"({"a":"\ude00"})", "half a surrogate pair at byte 13"},
      {R"({"a":[1,]})"},
      {R"({"a":[1)"},
      {R"({"a":{"b":[}]}})"},
      {nested(kMaxJsonDepth + 1), "too many levels at byte 21"},
      {R"({"a":1}//x)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto object = parse_json_object(row.text);
    REQUIRE_FALSE(object);
    CHECK(object.error().err == EBADMSG);
    CHECK_THAT(object.error().text, Catch::Matchers::StartsWith(row.why));
    CHECK_THAT(object.error().text, Catch::Matchers::ContainsSubstring(" at byte "));
  }
}

TEST_CASE("Documents of JSON have limits", "[s3]") {
  const auto members = [](std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  CHECK(parse_json_object(members(kMaxJsonMembers)));
  CHECK_FALSE(parse_json_object(members(kMaxJsonMembers + 1)));

  const std::string large = "{}" + std::string(kMaxJsonBytes - 2, ' ');
  CHECK(parse_json_object(large));
  CHECK_FALSE(parse_json_object(large + " "));
  CHECK_FALSE(parse_json_object("{\"a\":" + std::string(60'000, '[')));
}

}  // namespace
}  // namespace pailfs::auth
