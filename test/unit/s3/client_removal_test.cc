// SPDX-License-Identifier: Apache-2.0
// Removals whose reply was lost: another client may have stored an object since.
#include "client_fixture.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const ObjectAttributes kTimeless{"text/plain", {{"mode", "33188"}}, {}};

http::Exchange object(std::uint64_t size, const std::string& etag,
                      const ObjectAttributes& attributes = kTimeless) {
  http::Exchange head = reply(200, {{"ETag", etag}, {"Content-Length", std::to_string(size)}});
  for (const auto& [name, value] : attributes.metadata)
    head.headers.add("x-amz-meta-" + name, value);
  return head;
}

http::Exchange listing_of(const std::string& key, std::uint64_t size, const std::string& etag) {
  return reply(200, {},
               "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>" + key +
                   "</Key><Size>" + std::to_string(size) + "</Size><ETag>" + etag +
                   "</ETag></Contents></ListBucketResult>");
}

const ObjectAttributes kSeen{"text/plain", {{"mode", "33188"}, {"mtime", "5.000000007"}}, {}};
const ObjectAttributes kLater{"text/plain", {{"mode", "33188"}, {"mtime", "6.000000007"}}, {}};

Removal seen_removal() {
  Removal removal("k");
  removal.seen = SeenVersion{{"\"e\""}, {"mtime", "5.000000007"}};
  return removal;
}

TEST_CASE("a DELETE without a reply is sent again only while the version that was seen is there") {
  struct Row {
    const char* shows;
    http::Exchange look;
    bool again;
  };
  const std::vector<Row> rows = {
      {"nothing", reply(404), false},
      {"the version", object(7, "\"e\"", kSeen), true},
      {"the same bytes of later", object(7, "\"e\"", kLater), false},
      {"other bytes of the same time", object(7, "\"f\"", kSeen), false},
      {"an object that tells no time", object(7, "\"e\"", kTimeless), false},
  };
  for (const http::Exchange& lost :
       {failure(Failure::timeout), failure(Failure::broken), s3_error(500, "InternalError")}) {
    for (const Row& row : rows) {
      INFO(row.shows);
      Bench bench;
      bench.transport.then(lost).then(row.look);
      if (row.again) bench.transport.then(reply(204));
      CHECK(bench.client->remove(seen_removal()));
      REQUIRE(bench.count() == (row.again ? 3 : 2));
      CHECK(bench.sent(1).method == http::Method::head);
      if (row.again) CHECK(bench.sent(2).method == http::Method::del);
    }
  }
}

TEST_CASE("a DELETE without a reply ends in doubt when the service does not show the object") {
  Bench silent;
  silent.transport.then(failure(Failure::timeout));
  silent.transport.otherwise([](const auto&) { return failure(Failure::broken); });
  CHECK(silent.client->remove(seen_removal()).error().in_doubt);
  for (std::size_t i = 1; i < silent.count(); ++i)
    CHECK(silent.sent(i).method == http::Method::head);
  // These keys may remove what they may not read: as it was without the question.
  Bench blind;
  blind.transport.then(failure(Failure::timeout))
      .then(reply(403))
      .then(listing_of("k", 0, "e"))
      .then(listing_of("k", 0, "e"))
      .then(reply(204));
  CHECK(blind.client->remove(seen_removal()));
  CHECK(blind.sent(blind.count() - 1).method == http::Method::del);
  Bench any;
  any.transport.then(failure(Failure::timeout)).then(reply(204));
  CHECK(any.client->remove("k"));
  CHECK(any.count() == 2);
}

TEST_CASE("a DELETE of a version is not sent again to another one, also without conditions") {
  Config config = Bench::path_config();
  config.conditions = false;
  Bench bench(config);
  bench.transport.then(failure(Failure::timeout)).then(object(7, "\"f\""));
  CHECK(bench.client->remove({"k", ETag{"\"e\""}}));
  CHECK(bench.count() == 2);
}

TEST_CASE("of a batch without a reply each key is asked about") {
  const std::string done = "<DeleteResult></DeleteResult>";
  Bench bench;
  Removal first = seen_removal();
  first.key = "a";
  Removal second = seen_removal();
  second.key = "b";
  SECTION("and removed by itself if it is still there") {
    bench.transport.then(failure(Failure::broken))
        .then(reply(404))
        .then(object(7, "\"e\"", kSeen))
        .then(reply(204))
        .then(object(7, "\"e\"", kLater));
    Removal third = seen_removal();
    third.key = "c";
    for (const Status& status : bench.client->remove_many({first, second, third})) CHECK(status);
    CHECK(bench.count() == 5);
  }
  SECTION("until the service is silent") {
    bench.transport.otherwise([](const auto&) { return failure(Failure::broken); });
    for (const Status& status : bench.client->remove_many({first, second}))
      CHECK(status.error().in_doubt);
    for (std::size_t i = 1; i < bench.count(); ++i) {
      CHECK(bench.sent(i).method == http::Method::head);
      CHECK(bench.sent(i).url.find("/a") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace pailfs::s3
