// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/transport.h"

#include "support/catch.h"

using namespace pailfs::http;  // NOLINT: a test file

TEST_CASE("header names compare without regard to case and keep their order", "[http]") {
  Headers headers;
  headers.add("x-amz-meta-Mode", "33188");
  headers.add("ETag", "\"a\"");
  headers.add("X-AMZ-META-MODE", "1");
  CHECK(headers.find("X-Amz-Meta-mode") == "33188");
  CHECK(headers.find("etag") == "\"a\"");
  CHECK_FALSE(headers.find("etag ").has_value());
  REQUIRE(headers.all().size() == 3);
  CHECK(headers.all()[2] == Header{"X-AMZ-META-MODE", "1"});

  SECTION("set leaves one field, where the first one stood") {
    headers.set("X-Amz-Meta-Mode", "2");
    REQUIRE(headers.all().size() == 2);
    CHECK(headers.all()[0] == Header{"X-Amz-Meta-Mode", "2"});
    CHECK(headers.all()[1].name == "ETag");
  }
  SECTION("set of a new name appends") {
    headers.set("Range", "bytes=0-1");
    REQUIRE(headers.all().size() == 4);
    CHECK(headers.all()[3] == Header{"Range", "bytes=0-1"});
  }
  SECTION("remove drops every field of the name") {
    headers.remove("x-amz-meta-mode");
    REQUIRE(headers.all().size() == 1);
    CHECK(headers.all()[0].name == "ETag");
  }
}

TEST_CASE("methods have their names on the wire", "[http]") {
  CHECK(method_name(Method::get) == "GET");
  CHECK(method_name(Method::head) == "HEAD");
  CHECK(method_name(Method::put) == "PUT");
  CHECK(method_name(Method::post) == "POST");
  CHECK(method_name(Method::del) == "DELETE");
}

TEST_CASE("a memory body can be read from any offset", "[http]") {
  pailfs::MemorySource body("abcdef");
  CHECK(body.size() == 6);
  std::string out(4, '.');
  CHECK(*body.read(0, out) == 4);
  CHECK(out == "abcd");
  CHECK(*body.read(4, out) == 2);
  CHECK(out == "efcd");
  CHECK(*body.read(6, out) == 0);
  CHECK(*body.read(~0ULL, out) == 0);
}
