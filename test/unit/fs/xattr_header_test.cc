// SPDX-License-Identifier: Apache-2.0
#include "fs/format/xattr_header.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

TEST_CASE("extended attributes are written exactly as s3fs writes them") {
  CHECK(encode_xattrs({{"user.a", "b"}}) == "%7B%22user.a%22%3A%22Yg%3D%3D%22%7D");
  CHECK(encode_xattrs({}) == "%7B%7D");
}

TEST_CASE("extended attributes survive the round trip, whatever their bytes") {
  const Xattrs rows[] = {
      {},
      {{"user.empty", ""}},
      {{"user.a", "b"}, {"user.z", std::string("\0\x01\xff", 3)}},
      {{"user.\"quoted\\\"", "x"}, {"user.\n", "y"}, {"user.ü", "z"}},
  };
  for (const Xattrs& xattrs : rows) {
    const auto back = decode_xattrs(encode_xattrs(xattrs));
    REQUIRE(back);
    CHECK(*back == xattrs);
  }
}

TEST_CASE("JSON that others write is understood") {
  const auto spaced = decode_xattrs(R"( { "a" : "Yg==" , "\u00fc\/" : "" } )");
  REQUIRE(spaced);
  CHECK(*spaced == Xattrs{{"a", "b"}, {"ü/", ""}});
}

TEST_CASE("anything else is an error, never taken for no attributes") {
  for (const char* text : {"", "{", "{}x", "[]", "{\"a\"}", "{\"a\":1}", "{\"a\":\"!\"}",
                           "{\"a\":\"Yg==\",}", "{\"a:\"Yg==\"}", "{\"\\u12\":\"\"}", "null"}) {
    INFO(text);
    const auto decoded = decode_xattrs(text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().err == EIO);
  }
}
