// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "s3d/server.h"
#include "s3d/test_client.h"
#include "support/catch.h"

namespace s3d {

TEST_CASE("objects in a directory outlive the server with all they consist of") {
  std::string path = std::filesystem::temp_directory_path() / "s3d-XXXXXX";
  REQUIRE(mkdtemp(path.data()) != nullptr);
  ServerOptions options;
  options.directory = path;
  options.buckets = {"data"};
  std::string reason;
  std::string etag;
  {
    auto server = Server::start(options, reason);
    REQUIRE(server);
    TestClient client(server->port());
    client.sign_as(options.credentials);
    etag = client.put("/data/a%20%C3%BC/" + std::string(900, 'k'), "old").header("ETag");
    etag = client
               .put("/data/a%20%C3%BC/" + std::string(900, 'k'), "hello",
                    {{"x-amz-meta-x", "1 2"}, {"Content-Type", "a/b"}})
               .header("ETag");
    client.put("/data/gone", "x");
    client.put("/data/empty", "");
    client.send("DELETE", "/data/gone");
    CHECK(client.get("/data/a%20%C3%BC/" + std::string(900, 'k')).body == "hello");
  }
  auto server = Server::start(options, reason);
  REQUIRE(server);
  TestClient client(server->port());
  client.sign_as(options.credentials);
  auto got = client.get("/data/a%20%C3%BC/" + std::string(900, 'k'));
  CHECK(got.body == "hello");
  CHECK(got.header("ETag") == etag);
  CHECK(got.header("x-amz-meta-x") == "1 2");
  CHECK(got.header("Content-Type") == "a/b");
  CHECK(client.get("/data/empty").status == 200);
  CHECK(server->keys("data").size() == 2);
  CHECK_FALSE(server->create_bucket("../outside"));
  server.reset();
  std::filesystem::remove_all(path);
}

}  // namespace s3d
