// SPDX-License-Identifier: Apache-2.0
#include "s3d/policy.h"

#include <memory>
#include <string>
#include <vector>

#include "s3d/server.h"
#include "s3d/test_client.h"
#include "support/catch.h"

namespace s3d {
namespace {

struct Bucket {
  std::unique_ptr<Server> server;
  std::unique_ptr<TestClient> client;

  explicit Bucket(std::vector<std::string> rules) {
    ServerOptions options;
    options.buckets = {"pail"};
    options.rules = std::move(rules);
    std::string reason;
    server = Server::start(options, reason);
    REQUIRE(server);
    client = std::make_unique<TestClient>(server->port());
    client->sign_as(options.credentials);
    REQUIRE(server->put_object("pail", "team/a", Body("x"), {}));
    REQUIRE(server->put_object("pail", "other/a", Body("x"), {}));
  }
};

TEST_CASE("a policy for a prefix lets requests below it through and no others") {
  Bucket bucket({"only_prefix=team/"});
  struct Row {
    const char* method;
    const char* target;
    int status;
  };
  for (const Row& row : {
           Row{"GET", "/pail/?prefix=team%2F", 200},
           Row{"GET", "/pail/?prefix=team%2Fa&delimiter=%2F", 200},
           Row{"GET", "/pail/?list-type=2&prefix=team%2F", 200},
           Row{"GET", "/pail/?uploads&prefix=team%2F", 200},
           Row{"GET", "/pail/team/a", 200},
           Row{"HEAD", "/pail/team/a", 200},
           Row{"HEAD", "/pail/team/none", 404},
           Row{"GET", "/pail/", 403},
           Row{"GET", "/pail/?list-type=2", 403},
           Row{"GET", "/pail/?prefix=team", 403},
           Row{"GET", "/pail/?uploads", 403},
           Row{"GET", "/pail/?location", 403},
           Row{"HEAD", "/pail/", 403},
           Row{"GET", "/pail/other/a", 403},
           Row{"HEAD", "/pail/team", 403},
           Row{"DELETE", "/pail/other/a", 403},
           Row{"GET", "/", 403},
       }) {
    INFO(row.method << " " << row.target);
    CHECK(bucket.client->send(row.method, row.target).status == row.status);
  }
  CHECK(bucket.client->put("/pail/team/b", "x").status == 200);
  CHECK(bucket.client->put("/pail/b", "x").code() == "AccessDenied");
}

TEST_CASE("copies come from and deletions touch only what a policy allows") {
  Bucket bucket({"only_prefix=team/", "no_delete_md5"});
  CHECK(bucket.client->put("/pail/team/b", "", {{"x-amz-copy-source", "/pail/team/a"}}).status ==
        200);
  CHECK(bucket.client->put("/pail/team/c", "", {{"x-amz-copy-source", "/pail/other/a"}}).code() ==
        "AccessDenied");
  const auto reply = bucket.client->send("POST", "/pail/?delete", {},
                                         "<Delete><Object><Key>team/a</Key></Object>"
                                         "<Object><Key>other/a</Key></Object></Delete>");
  CHECK(reply.status == 200);
  CHECK(reply.tag("Code") == "AccessDenied");
  CHECK(bucket.server->get_object("pail", "team/a") == nullptr);
  CHECK(bucket.server->get_object("pail", "other/a") != nullptr);
}

TEST_CASE("what is missing can be forbidden, as for keys without s3:ListBucket") {
  Bucket bucket({"missing_is_403"});
  CHECK(bucket.client->get("/pail/none").code() == "AccessDenied");
  CHECK(bucket.client->send("HEAD", "/pail/none").status == 403);
  CHECK(bucket.client->get("/pail/team/a").status == 200);
}

}  // namespace
}  // namespace s3d
