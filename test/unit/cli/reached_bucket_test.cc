// SPDX-License-Identifier: Apache-2.0
#include "cli/run/reached_bucket.h"

#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace pailfs::cli {
namespace {

using http::Exchange;
using http::Method;
using test::RecordedRequest;
using test::reply;

class OneKey final : public auth::CredentialSource {
 public:
  Result<auth::Credentials> get() override {
    return auth::Credentials{"AK", auth::Secret("secret"), {}, "test"};
  }
  bool refresh(const auth::Credentials&) override { return false; }
};

std::string page(const std::string& keys) {
  return "<ListBucketResult><IsTruncated>false</IsTruncated>" + keys + "</ListBucketResult>";
}

Exchange refusal(int status, const std::string& code) {
  return reply(status, {{"Content-Type", "application/xml"}},
               "<Error><Code>" + code + "</Code><Message>m</Message></Error>");
}

const std::string kOneObject =
    "<Contents><Key>dir/a</Key><Size>5</Size><ETag>\"e\"</ETag>"
    "<LastModified>2026-11-22T03:17:29.000Z</LastModified></Contents>";

/// A bucket whose replies to a listing and to a HEAD are given.
struct Scene {
  Scene() {
    options.s3.url = "https://s3.example.com";
    options.s3.bucket = "pail";
    options.s3.path_style = true;
    options.fs.prefix = "dir/";
  }

  ReachedBucket reach() {
    transport.otherwise([this](const RecordedRequest& asked) {
      return asked.request.method == Method::head ? head : list;
    });
    const auto client = s3::make_client(options.s3, transport, keys, clock, random);
    return reach_bucket(options, *client, no_keys);
  }

  Options options;
  test::FakeTransport transport;
  test::FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{7}};
  OneKey keys;
  std::optional<Error> no_keys;
  Exchange list = reply(200, {}, page(kOneObject));
  Exchange head = reply(404);
};

}  // namespace

TEST_CASE("A bucket that answers gives its first page, by one request") {
  Scene scene;
  const ReachedBucket reached = scene.reach();
  CHECK_FALSE(reached.refusal);
  CHECK(reached.remarks.empty());
  REQUIRE(reached.page.objects.size() == 1);
  CHECK(reached.page.objects.front().key == "dir/a");
  CHECK(scene.transport.requests().size() == 1);
}

TEST_CASE("A bucket that answers without keys is public, which is said") {
  Scene scene;
  scene.no_keys = Error(ENOKEY, "looked everywhere");
  const ReachedBucket reached = scene.reach();
  CHECK_FALSE(reached.refusal);
  CHECK(reached.remarks == std::vector<std::string>{
                               "no credentials found; bucket is public, requests are not signed"});
}

TEST_CASE("A bucket that wants keys where there are none is refused for want of keys") {
  Scene scene;
  scene.no_keys = Error(ENOKEY, "looked everywhere");
  scene.list = refusal(403, "AccessDenied");
  const ReachedBucket reached = scene.reach();
  REQUIRE(reached.refusal);
  CHECK(reached.refusal->exit == Exit::credentials);
  CHECK(reached.refusal->error.text == "looked everywhere");
}

TEST_CASE("A bucket that refuses the keys, or is not there, is refused as the bucket") {
  struct Row {
    int status;
    std::string code;
    Exit exit;
  };
  const std::vector<Row> rows = {{403, "AccessDenied", Exit::bucket},
                                 {403, "InvalidAccessKeyId", Exit::credentials},
                                 {404, "NoSuchBucket", Exit::bucket}};
  for (const Row& row : rows) {
    CAPTURE(row.code);
    Scene scene;
    scene.list = refusal(row.status, row.code);
    const ReachedBucket reached = scene.reach();
    REQUIRE(reached.refusal);
    CHECK(reached.refusal->exit == row.exit);
  }
}

TEST_CASE("A prefix that is a file in the bucket is refused") {
  Scene scene;
  scene.list = reply(200, {}, page(""));
  scene.head = reply(200, {{"Content-Length", "5"},
                           {"Content-Type", "text/plain"},
                           {"ETag", "\"e\""},
                           {"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}});
  const ReachedBucket reached = scene.reach();
  REQUIRE(reached.refusal);
  CHECK(reached.refusal->exit == Exit::bucket);
  CHECK(reached.refusal->error.text ==
        "s3://pail/dir is a file, not a directory (Bucket or directory not found); mount what it "
        "lies in");
}

TEST_CASE("A prefix with nothing below it is mounted, and remarked upon where it stays empty") {
  Scene scene;
  scene.list = reply(200, {}, page(""));
  CHECK(scene.reach().remarks.empty());
  scene.options.fs.read_only = true;
  const ReachedBucket reached = scene.reach();
  CHECK_FALSE(reached.refusal);
  CHECK(reached.remarks ==
        std::vector<std::string>{"nothing is stored below s3://pail/dir/, and the mount is "
                                 "read-only; is the path right?"});
}

}  // namespace pailfs::cli
