// SPDX-License-Identifier: Apache-2.0
#include "http/reply_head.h"

#include "support/catch.h"

using namespace pailfs::http;  // NOLINT: a test file
using State = ReplyHead::State;

namespace {

/// Feeds `text` line by line, as libcurl does.
ReplyHead read(std::string_view text) {
  ReplyHead head;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    head.feed(text.substr(0, end));
    text.remove_prefix(end);
  }
  return head;
}

}  // namespace

TEST_CASE("a reply head yields status and trimmed fields", "[http]") {
  const ReplyHead head = read(
      "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag:\t\"x\" \r\n"
      "x-amz-meta-a: b: c\r\n\r\n");
  REQUIRE(head.state() == State::complete);
  CHECK(head.status() == 206);
  CHECK(head.content_length() == 5);
  CHECK(head.headers().find("etag") == "\"x\"");
  CHECK(head.headers().find("x-amz-meta-a") == "b: c");
  CHECK_FALSE(head.announces_close());
}

TEST_CASE("interim replies are forgotten", "[http]") {
  const ReplyHead head = read(
      "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
      "HTTP/1.1 403 Forbidden\r\nServer: s\r\n\r\n");
  REQUIRE(head.state() == State::complete);
  CHECK(head.status() == 403);
  CHECK_FALSE(head.headers().find("x-early").has_value());
}

TEST_CASE("an announced close is recognised", "[http]") {
  const std::string fields =
      GENERATE("HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\r\nconnection: Close\r\n",
               "HTTP/1.1 200 OK\r\nProxy-Connection: close\r\n");
  CAPTURE(fields);
  CHECK(read(fields + "\r\n").announces_close());
}

TEST_CASE("heads that can be read in two ways are refused", "[http]") {
  struct Row {
    std::string text;
    std::string reason;
  };
  const Row row = GENERATE(
      Row{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
          "both Content-Length"},
      Row{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different"},
      Row{"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "Content-Length: 5, 5"},
      Row{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length: -1"},
      Row{"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "Content-Length: "},
      Row{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "Content-Length"},
      Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding"},
      Row{"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "folded"},
      Row{"HTTP/1.1 xyz\r\n\r\n", "status line"}, Row{"\r\n", "without a status line"},
      Row{"HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x') + "\r\n\r\n", "bytes of reply"});
  const ReplyHead head = read(row.text);
  CAPTURE(row.text.substr(0, 80));
  REQUIRE(head.state() == State::refused);
  CHECK_THAT(head.reason(), Catch::Matchers::ContainsSubstring(row.reason));
}

TEST_CASE("the same Content-Length twice is no contradiction", "[http]") {
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n").state() ==
        State::complete);
}

TEST_CASE("interim replies without end are refused", "[http]") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "HTTP/1.1 102 Processing\r\n\r\n";
  CHECK(read(text).state() == State::refused);
}
