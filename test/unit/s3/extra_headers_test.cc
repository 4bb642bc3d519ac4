// SPDX-License-Identifier: Apache-2.0
#include "pailfs/s3/extra_headers.h"

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

std::string applied(std::string_view text, const std::string& key, const std::string& name,
                    const std::string& prefix = "") {
  const auto parsed = ExtraHeaders::parse(text, prefix);
  REQUIRE(parsed);
  http::Headers headers;
  headers.add("Content-Type", "text/plain");
  parsed->headers.apply(key, headers);
  return std::string(headers.find(name).value_or("(none)"));
}

TEST_CASE("a line applies by ending, by pattern, or to every object") {
  struct Row {
    const char* text;
    const char* key;
    const char* value;
  };
  for (const Row& row : {
           Row{".gz X-A gzip", "a.gz", "gzip"},
           Row{".gz X-A gzip", "a.gzx", "(none)"},
           Row{".gz X-A gzip", "a.GZ", "(none)"},
           Row{"/a.gz X-A gzip", "a.gz", "(none)"},  // as long as the path itself
           Row{"/a.gz X-A gzip", "b/a.gz", "gzip"},
           Row{"reg:^/logs/[0-9]+$ X-A log", "logs/12", "log"},
           Row{"reg:^/logs/[0-9]+$ X-A log", "logs/12a", "(none)"},
           Row{"reg:\\.(png|jpg)$ X-A picture", "a/b.jpg", "picture"},
           Row{" X-A every thing ", "any", "every thing"},
           Row{"\tX-A tab", "any", "tab"},
           Row{"  X-A: colon", "any", "colon"},
           Row{" X-A", "any", ""},
           Row{"# X-A no\n\n X-A yes\r\n", "any", "yes"},
           Row{" X-A one\n.gz x-a two", "a.gz", "two"},
           Row{" X-A one\n.gz x-a two", "a.txt", "one"},
       }) {
    CAPTURE(row.text, row.key);
    CHECK(applied(row.text, row.key, "X-A") == row.value);
  }
}

TEST_CASE("a line outweighs what the request has of itself") {
  CHECK(applied(".css Content-Type text/css", "a.css", "Content-Type") == "text/css");
  CHECK(applied(".css Content-Type text/css", "a.js", "Content-Type") == "text/plain");
}

TEST_CASE("endings and patterns see the path below the mount") {
  CHECK(applied("reg:^/a X-A yes", "team/a", "X-A", "team/") == "yes");
  CHECK(applied("reg:^/team X-A yes", "team/a", "X-A", "team/") == "(none)");
}

TEST_CASE("a line that takes Expect away is accepted and does nothing") {
  for (const char* text :
       {" Expect:", " Expect:\n", ".txt Expect:\nreg:^/a Expect", "\tExpect:\r\n"}) {
    const auto parsed = ExtraHeaders::parse(text, "");
    REQUIRE(parsed);
    CHECK(parsed->headers.empty());
    CHECK(parsed->warnings.empty());
  }
}

TEST_CASE("headers that belong to the request itself are refused by name") {
  for (const std::string name :
       {"Host", "content-length", "Authorization", "X-Amz-Date", "x-amz-content-sha256", "Date",
        "Transfer-Encoding", "x-amz-security-token", "If-Match", "Range", "Content-MD5",
        "x-amz-copy-source", "x-amz-checksum-crc32", "Proxy-Authorization", "Connection",
        "x-amz-server-side-encryption-customer-key", "Expect"}) {
    CAPTURE(name);
    const auto parsed = ExtraHeaders::parse("# one\n.gz " + name + " value", "");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text ==
          "line 2: header " + name + " cannot be set: it belongs to the request itself");
  }
}

TEST_CASE("lines that say nothing usable are named") {
  struct Row {
    const char* text;
    const char* complaint;
  };
  for (const Row& row : {
           Row{".gz", "line 1: no header after \".gz\""},
           Row{"\n.gz ", "line 2: no header after \".gz\""},
           Row{" X\x01Y z", "line 1: \"X\\x01Y\" cannot be the name of a header"},
           Row{" X-A a\x01", "line 1: the value of X-A has a control character in it"},
       }) {
    const auto parsed = ExtraHeaders::parse(row.text, "");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text == row.complaint);
    CHECK(parsed.error().err == EINVAL);
  }
}

TEST_CASE("a pattern that is none is left out with a warning") {
  const auto parsed = ExtraHeaders::parse("reg:( X-A a\n.b X-B b", "");
  REQUIRE(parsed);
  CHECK(parsed->warnings ==
        std::vector<std::string>{"line 1: \"(\" is no regular expression, the line is ignored"});
  http::Headers headers;
  parsed->headers.apply("(.b", headers);
  CHECK_FALSE(headers.find("X-A"));
  CHECK(headers.find("X-B") == "b");
}

}  // namespace
}  // namespace pailfs::s3
