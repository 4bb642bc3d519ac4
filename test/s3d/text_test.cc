// SPDX-License-Identifier: Apache-2.0
#include "s3d/text.h"

#include <string>

#include "s3d/body.h"
#include "s3d/digest.h"
#include "s3d/http_message.h"
#include "s3d/xml_out.h"
#include "support/catch.h"

namespace s3d {

TEST_CASE("checksums give the check values of their catalogue") {
  CHECK(hex(hash_of(HashKind::kCrc32, "123456789")) == "cbf43926");
  CHECK(hex(hash_of(HashKind::kCrc32c, "123456789")) == "e3069283");
  CHECK(hex(hash_of(HashKind::kCrc64Nvme, "123456789")) == "ae8b14860a799888");
  CHECK(hex(md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex(hash_of(HashKind::kSha1, "abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  std::string text(1000, 'x');
  for (HashKind kind : {HashKind::kCrc32, HashKind::kCrc32c, HashKind::kCrc64Nvme}) {
    Hash pieces(kind);
    pieces.update(std::string_view(text).substr(0, 333));
    pieces.update(std::string_view(text).substr(333));
    CHECK(pieces.finish() == hash_of(kind, text));
  }
}

TEST_CASE("encodings go both ways and refuse what is malformed") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(percent_decode(percent_encode(all, false), false) == all);
  CHECK(percent_encode("a b/c+~\xc3\xbc", true) == "a%20b/c%2B~%C3%BC");
  CHECK(percent_encode("/", false) == "%2F");
  CHECK(percent_decode("a+b", true) == "a b");
  CHECK(percent_decode("a+b", false) == "a+b");
  for (std::string_view bad : {"%", "%4", "%zz"}) CHECK_FALSE(percent_decode(bad, false));
  CHECK(percent_decode("%41", false) == "A");
  CHECK(unbase64(base64(all)) == all);
  CHECK(base64("a") == "YQ==");
  CHECK(unbase64("YWI=") == "ab");
  for (std::string_view bad : {"YQ=", "Y===", "YQ==YQ==", "Y*==", "===="})
    CHECK_FALSE(unbase64(bad));
  CHECK(listing_encode("a b/(~*)", true) == "a+b/%28%7E*%29");
  CHECK(listing_encode("a b", false) == "a%20b");
}

TEST_CASE("globs match over slashes") {
  CHECK(glob_match("*", ""));
  CHECK(glob_match("a*c", "a/b/c"));
  CHECK(glob_match("*.t?t", "x/y.txt"));
  CHECK(glob_match("a**b", "ab"));
  CHECK_FALSE(glob_match("a*c", "a/b/d"));
  CHECK_FALSE(glob_match("", "a"));
}

TEST_CASE("UTF-8 is judged strictly") {
  for (std::string_view good : {"", "abc", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
    CHECK(valid_utf8(good));
  for (std::string_view bad :
       {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\x80"})
    CHECK_FALSE(valid_utf8(bad));
}

TEST_CASE("XML and JSON escape what they must") {
  CHECK(xml_escape("<a&\"b\">\x01\r") == "&lt;a&amp;&quot;b&quot;&gt;&#x01;&#x0d;");
  CHECK(json_quote("a\"\\\n\xff\xc3\xbc") == "\"a\\\"\\\\\\u000a\\ufffd\xc3\xbc\"");
}

TEST_CASE("slices of a body share its bytes at every offset") {
  Body body(std::string("abc"));
  body.append(Body(std::string("defgh")));
  body.append(Body(std::string("i")));
  std::string whole = body.to_string();
  REQUIRE(whole == "abcdefghi");
  for (std::size_t at = 0; at <= whole.size() + 1; ++at)
    for (std::size_t n = 0; n <= whole.size() + 1; ++n)
      CHECK(body.slice(at, n).to_string() == (at < whole.size() ? whole.substr(at, n) : ""));
}

TEST_CASE("request heads with ambiguous or broken framing are refused") {
  auto head = parse_head("GET /a%20b?x=1&y=a+b&z HTTP/1.1\r\nHost: h\r\nX-Up:  v \r\n\r\n");
  REQUIRE(head);
  CHECK(head->raw_path == "/a%20b");
  CHECK(head->param_or_empty("y") == "a b");
  CHECK(head->param("z") != nullptr);
  CHECK(head->headers.get("x-up") == "v");
  CHECK(head->keep_alive);
  CHECK_FALSE(parse_head("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")->keep_alive);
  CHECK_FALSE(parse_head("GET / HTTP/1.0\r\n\r\n")->keep_alive);
  for (std::string_view bad :
       {"GET /\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET a HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "GET /?%zz HTTP/1.1\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"})
    CHECK_FALSE(parse_head(bad));
}

}  // namespace s3d
