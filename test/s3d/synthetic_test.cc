// SPDX-License-Identifier: Apache-2.0
#include "s3d/synthetic.h"

#include <memory>
#include <string>

#include "s3d/server.h"
#include "s3d/test_client.h"
#include "support/catch.h"

namespace s3d {

TEST_CASE("synthetic content depends on the offset alone") {
  const Body large = synthetic_body(10 * kSyntheticPeriod + 5);
  CHECK(large.size() == 10 * kSyntheticPeriod + 5);
  const std::string there = large.slice(7 * kSyntheticPeriod - 100, 300).to_string();
  const Body smaller = synthetic_body(8 * kSyntheticPeriod);
  CHECK(there == smaller.slice(7 * kSyntheticPeriod - 100, 300).to_string());
  CHECK(there.substr(100) == large.slice(0, 200).to_string());
  CHECK(there.substr(0, 100) != there.substr(100, 100));
  CHECK(synthetic_body(0).empty());
}

TEST_CASE("an object far larger than memory is made by the control port and read by range") {
  ServerOptions options;
  options.buckets = {"data"};
  std::string reason;
  auto server = Server::start(options, reason);
  REQUIRE(server);
  Headers headers;
  headers.add("x-amz-meta-mode", "33188");
  constexpr std::uint64_t kSize = std::uint64_t{10} << 30U;
  REQUIRE(server->put_synthetic("data", "large", kSize, 1, headers));
  REQUIRE(server->put_synthetic("data", "dir/f", 100, 3));
  CHECK_FALSE(server->put_synthetic("nowhere", "large", 1, 1));
  CHECK(server->keys("data") ==
        std::vector<std::string>{"dir/f000000", "dir/f000001", "dir/f000002", "large"});

  TestClient client(server->port());
  client.sign_as(options.credentials);
  const auto head = client.send("HEAD", "/data/large");
  CHECK(head.header("Content-Length") == std::to_string(kSize));
  CHECK(head.header("x-amz-meta-mode") == "33188");
  CHECK(head.header("ETag") == "\"" + synthetic_etag(kSize) + "\"");
  const auto part = client.send("GET", "/data/large", {{"Range", "bytes=9000000000-9000000099"}});
  CHECK(part.status == 206);
  CHECK(part.body == synthetic_body(9'000'000'100).slice(9'000'000'000, 100).to_string());
}

TEST_CASE("a bucket is discarded with its objects and its uploads") {
  ServerOptions options;
  options.buckets = {"data", "other"};
  std::string reason;
  auto server = Server::start(options, reason);
  REQUIRE(server);
  REQUIRE(server->put_synthetic("data", "a", 10, 5));
  REQUIRE(server->put_synthetic("other", "a", 10, 2));
  TestClient client(server->port());
  client.sign_as(options.credentials);
  client.send("POST", "/data/b?uploads=");
  CHECK(server->open_uploads() == 1);
  CHECK(server->discard_bucket("data"));
  CHECK_FALSE(server->discard_bucket("data"));
  CHECK(server->object_count() == 2);
  CHECK(server->open_uploads() == 0);
  CHECK(client.send("HEAD", "/data").status == 404);
}

TEST_CASE("the log tells when a request began and when its reply was sent") {
  ServerOptions options;
  options.buckets = {"data"};
  std::string reason;
  auto server = Server::start(options, reason);
  REQUIRE(server);
  TestClient client(server->port());
  client.sign_as(options.credentials);
  client.put("/data/a", "x");
  client.send("GET", "/data/a");
  client.send("GET", "/data/a");
  const auto log = server->log();
  REQUIRE(log.size() == 3);
  // The last reply may be here before the time of its end is noted.
  CHECK(log[0].began_us <= log[0].ended_us);
  CHECK(log[0].ended_us <= log[1].began_us);
  CHECK(log[1].ended_us <= log[2].began_us);
}

}  // namespace s3d
