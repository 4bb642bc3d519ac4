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
        {"b", JsonKind::number, "-12.50e+3"},
        {"c", JsonKind::number, "7E-1"},
        {"d", JsonKind::number, "10"}}},
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
    std::string why;
  };
  const std::vector<Row> rows = {
      {"", "no object at byte 0"},
      {"<html>", "no object at byte 0"},
      {"[]", "no object at byte 0"},
      {"\"a\"", "no object at byte 0"},
      {"\xEF\xBB\xBF{}", "no object at byte 0"},
      {"{", "no string at byte 1"},
      {"{} {}", "text after the object at byte 3"},
      {std::string("{}\0", 3), "text after the object at byte 2"},
      {"{a:1}", "no string at byte 1"},
      {"{'a':1}", "no string at byte 1"},
      {R"({"a"})", "no colon after a name at byte 4"},
      {R"({"a":})", "no value at byte 5"},
      {R"({"a":1,})", "no string at byte 7"},
      {R"({"a":1 "b":2})", "neither comma nor end after a member at byte 7"},
      {R"({"a":1,"a":2})", "a name for the second time"},
      {R"({"a":1,"\u0061":2})", "a name for the second time"},
      {R"({"a":tru})", "no value at byte 5"},
      {R"({"a":True})", "no value at byte 5"},
      {R"({"a":nullx})", "neither comma nor end after a member at byte 9"},
      {R"({"a":NaN})", "no value at byte 5"},
      {R"({"a":01})", "neither comma nor end after a member at byte 6"},
      {R"({"a":+1})", "no value at byte 5"},
      {R"({"a":.5})", "no value at byte 5"},
      {R"({"a":1.})", "no digit at byte 7"},
      {R"({"a":1e})", "no digit at byte 7"},
      {R"({"a":-})", "no digit at byte 6"},
      {R"({"a":"b)", "an unfinished string"},
      {R"({"a":"b\)", "an unknown escape"},
      {"{\"a\":\"b\nc\"}", "a control byte in a string at byte 7"},
      {std::string("{\"a\":\"\0\"}", 9), "a control byte in a string at byte 6"},
      {R"({"a":"\x"})", "an unknown escape at byte 7"},
      {R"({"a":"\'"})", "an unknown escape at byte 7"},
      {R"({"a":"\u12g4"})", "no hexadecimal digit at byte 10"},
      {R"({"a":"\ud83d"})", "half a surrogate pair"},
      {R"({"a":"\ud83dx"})", "half a surrogate pair"},
      {R"({"a":"\ud83d\u0041"})", "half a surrogate pair"},
      {R"({"a":"\ude00"})", "half a surrogate pair"},
      {R"({"a":[1,]})", "no value at byte 8"},
      {R"({"a":[1)", "neither comma nor end after an element at byte 7"},
      {R"({"a":{"b":[}]}})", "no value at byte 11"},
      {nested(kMaxJsonDepth + 1), "too many levels"},
      {R"({"a":1}//x)", "text after the object at byte 7"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto object = parse_json_object(row.text);
    REQUIRE_FALSE(object);
    CHECK(object.error().err == EBADMSG);
    CHECK_THAT(object.error().text, Catch::Matchers::StartsWith(row.why));
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
