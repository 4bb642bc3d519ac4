// SPDX-License-Identifier: Apache-2.0
// Replies that are lost, prove nothing or refuse a shortcut: what is looked at, what is done the
// long way, and what is remembered.
#include "client_fixture.h"
#include "s3/body_digest.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const ObjectAttributes kWanted{"text/plain", {{"mode", "33188"}, {"ctime", "5.000000007"}}, {}};
const ObjectAttributes kOther{"text/plain", {{"mode", "33188"}, {"ctime", "4.000000007"}}, {}};

std::string md5_etag(const std::string& bytes) {
  return "\"" + hex(digest(Digest::md5, bytes)) + "\"";
}

http::Exchange object(std::uint64_t size, const std::string& etag,
                      const ObjectAttributes& attributes = kWanted) {
  http::Exchange head = reply(200, {{"ETag", etag}, {"Content-Length", std::to_string(size)}});
  for (const auto& [name, value] : attributes.metadata)
    head.headers.add("x-amz-meta-" + name, value);
  return head;
}

http::Exchange listing_of(const std::string& key, std::uint64_t size, const std::string& etag,
                          const std::string& more = "") {
  return reply(200, {},
               "<ListBucketResult>" + more + "<IsTruncated>false</IsTruncated>" +
                   (key.empty() ? ""
                                : "<Contents><Key>" + key + "</Key><Size>" + std::to_string(size) +
                                      "</Size><ETag>" + etag + "</ETag></Contents>") +
                   "</ListBucketResult>");
}

/// There every body is signed, and no refusal is about checksums.
Config plain_http() {
  Config config = Bench::path_config();
  config.url = "http://s3.example.com";
  return config;
}

/// What may follow an attempt whose reply was lost: the last words of a service that will not do it
/// again.
std::vector<http::Exchange> last_words() {
  return {s3_error(307, "TemporaryRedirect"), s3_error(400, "InvalidRequest"),
          s3_error(403, "AccessDenied"), s3_error(403, "QuotaExceeded"),
          s3_error(404, "NoSuchBucket")};
}

TEST_CASE("a PUT that took effect before it was refused is found out") {
  for (const http::Exchange& refusal : last_words()) {
    INFO(refusal.status);
    Bench bench(plain_http());
    StringSource body("hello");
    SECTION("it was ours") {
      bench.transport.then(failure(Failure::broken))
          .then(refusal)
          .then(object(5, md5_etag("hello")));
      const auto etag = bench.client->put({"k", kWanted}, body);
      REQUIRE(etag);
      CHECK(etag->value == md5_etag("hello"));
    }
    SECTION("it was another's, an older one of ours, or cannot be told") {
      for (const http::Exchange& head :
           {object(5, md5_etag("hellO")), object(4, md5_etag("hell")), reply(404), reply(403),
            object(5, md5_etag("hello"), kOther), object(5, "\"opaque\"")}) {
        Bench one(plain_http());
        one.transport.then(failure(Failure::broken)).then(refusal).then(head);
        one.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
        const auto etag = one.client->put({"k", kWanted}, body);
        REQUIRE_FALSE(etag);
        CHECK(etag.error().in_doubt);
      }
    }
  }
}

TEST_CASE("what the transport has sent twice is in doubt like what was sent again here") {
  Bench bench(plain_http());
  StringSource body("hello");
  http::Exchange refusal = s3_error(403, "AccessDenied");
  refusal.sent_again = true;
  bench.transport.then(refusal).then(object(5, md5_etag("hello")));
  CHECK(bench.client->put({"k", kWanted}, body));
  bench.transport.then(refusal).then(object(5, md5_etag("hellO")));
  CHECK(bench.client->put({"k", kWanted}, body).error().in_doubt);
  http::Exchange exists = s3_error(412, "PreconditionFailed");
  exists.sent_again = true;
  bench.transport.then(exists).then(object(5, md5_etag("hello")));
  CHECK(bench.client->put({"k", kWanted, {.absent = true}}, body));
  bench.transport.then(refusal).then(listing_of("", 0, ""));
  CHECK(bench.client->remove("k"));
}

TEST_CASE("a doubt is told with the last error, and none where there is none") {
  StringSource body("hello");
  const auto put = [&](Bench& bench) { return bench.client->put({"k", kWanted}, body); };
  for (const http::Exchange& refusal : last_words()) {
    Bench refused(plain_http());
    refused.transport.then(refusal);
    CHECK_FALSE(put(refused).error().in_doubt);
    CHECK(refused.count() == 1);
  }
  Bench busy;
  busy.transport.otherwise([](const auto&) { return s3_error(500, "InternalError"); });
  CHECK(put(busy).error().in_doubt);
  CHECK(busy.count() == 5);
  Bench silent;
  silent.transport.otherwise([](const auto&) { return failure(Failure::broken); });
  CHECK(put(silent).error().in_doubt);
  CHECK(silent.client->remove("k").error().in_doubt);
  CHECK(silent.client->copy({"a", "b", {}, {}}).error().in_doubt);
  CHECK(silent.client->complete_upload("k", {"id"}, {{1, {"\"p\""}, 1}}, {}).error().in_doubt);
  CHECK_FALSE(silent.client->head("k").error().in_doubt);
  Bench away;
  away.transport.otherwise([](const auto&) { return failure(Failure::connect); });
  CHECK_FALSE(put(away).error().in_doubt);
}

TEST_CASE("a DELETE that took effect before it was refused is one, if a list lacks the key") {
  for (const http::Exchange& refusal : last_words()) {
    Bench gone;
    gone.transport.then(failure(Failure::timeout)).then(refusal).then(listing_of("", 0, ""));
    CHECK(gone.client->remove("k"));
    Bench there;
    there.transport.then(failure(Failure::timeout)).then(refusal).then(listing_of("k", 1, "e"));
    const Status status = there.client->remove("k");
    REQUIRE_FALSE(status);
    CHECK(status.error().in_doubt);
    Bench unknown;
    unknown.transport.then(failure(Failure::timeout)).then(refusal);
    unknown.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
    CHECK(unknown.client->remove("k").error().in_doubt);
  }
}

TEST_CASE("a completion that took effect before it was refused is found out") {
  const std::string part = md5_etag("hello");
  const std::string whole = "\"" + hex(digest(Digest::md5, digest(Digest::md5, "hello"))) + "-1\"";
  for (const http::Exchange& refusal : last_words()) {
    Bench bench;
    bench.transport.then(failure(Failure::broken)).then(refusal).then(object(5, whole));
    CHECK(bench.client->complete_upload("k", {"id"}, {{1, {part}, 5}}, {})->value == whole);
    Bench other;
    other.transport.then(failure(Failure::broken)).then(refusal).then(object(5, "\"x\""));
    CHECK(other.client->complete_upload("k", {"id"}, {{1, {part}, 5}}, {}).error().in_doubt);
  }
}

TEST_CASE("a copy whose reply names nothing is one if the object is what it was to become") {
  const http::Exchange empty = reply(200, {}, "<CopyObjectResult/>");
  struct Row {
    std::string name;
    CopyRequest request;
    std::vector<http::Exchange> then;
    bool ok;
  };
  const std::vector<Row> rows{
      {"onto itself (rclone)", {"k", "k", {"\"v\""}, kWanted, 7}, {object(7, "\"w\"")}, true},
      {"... of unknown size", {"k", "k", {"\"v\""}, kWanted}, {object(7, "\"v\"")}, true},
      {"... of unknown size and another version",
       {"k", "k", {"\"v\""}, kWanted},
       {object(7, "\"w\"")},
       false},
      {"... of another size", {"k", "k", {"\"v\""}, kWanted, 7}, {object(8, "\"w\"")}, false},
      {"... not changed", {"k", "k", {"\"v\""}, kWanted, 7}, {object(7, "\"v\"", kOther)}, false},
      {"... gone", {"k", "k", {"\"v\""}, kWanted, 7}, {reply(404)}, false},
      {"to another name", {"k", "n", {"\"v\""}, kWanted, 7}, {object(7, "\"w\"")}, true},
      {"as it is", {"k", "n", {"\"v\""}, {}}, {object(7, "\"v\""), object(7, "\"v\"")}, true},
      {"as it is, of other bytes",
       {"k", "n", {"\"v\""}, {}},
       {object(7, "\"w\""), object(7, "\"v\"")},
       false},
      {"as it is, with other attributes",
       {"k", "n", {"\"v\""}, {}},
       {object(7, "\"v\"", kOther), object(7, "\"v\"")},
       false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Bench bench;
    bench.transport.then(empty);
    for (const http::Exchange& answer : row.then) bench.transport.then(answer);
    const auto etag = bench.client->copy(row.request);
    CHECK(etag.has_value() == row.ok);
    if (etag) CHECK_FALSE(etag->empty());
    if (!etag) CHECK(etag.error().err == EIO);
    CHECK(bench.count() == 1 + row.then.size());
  }
}

TEST_CASE("a copy of another version than the meant one is found out by its size") {
  const std::string meant = md5_etag("meant");
  const std::string other = md5_etag("another");
  const auto copied = [](const std::string& etag) {
    return reply(200, {}, "<CopyObjectResult><ETag>" + etag + "</ETag></CopyObjectResult>");
  };
  struct Row {
    std::string name;
    std::string host;
    std::string version;
    std::string copy;
    std::vector<http::Exchange> then;
    bool ok;
  };
  const std::string plain = "https://s3.example.com";
  const std::vector<Row> rows{
      {"the meant one", plain, meant, meant, {}, true},
      {"another", plain, meant, other, {object(9, other)}, false},
      {"a service with ETags that are no MD5s", plain, meant, other, {object(5, other)}, true},
      {"replaced since", plain, meant, other, {object(9, meant)}, true},
      {"gone since", plain, meant, other, {reply(404)}, true},
      {"of an upload in parts", plain, "\"" + std::string(32, 'a') + "-2\"", other, {}, true},
      {"Amazon, which obeys", "https://s3.eu-west-1.amazonaws.com", meant, other, {}, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Config config = Bench::path_config();
    config.url = row.host;
    Bench bench(config);
    bench.transport.then(copied(row.copy));
    for (const http::Exchange& answer : row.then) bench.transport.then(answer);
    const auto etag = bench.client->copy({"k", "n", {row.version}, kWanted, 5});
    CHECK(etag.has_value() == row.ok);
    if (!etag) CHECK(etag.error().err == ESTALE);
    CHECK(bench.count() == 1 + row.then.size());
  }
}

TEST_CASE("a copied part that the reply does not name is looked up among the parts") {
  const auto parts = [](int number, int size) {
    return reply(200, {},
                 "<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>" +
                     std::to_string(number) + "</PartNumber><ETag>p</ETag><Size>" +
                     std::to_string(size) + "</Size></Part></ListPartsResult>");
  };
  for (const auto& [number, size, ok] :
       {std::tuple(2, 10, true), std::tuple(1, 10, false), std::tuple(2, 9, false)}) {
    Bench bench;
    bench.transport.then(reply(200, {}, "<CopyPartResult/>")).then(parts(number, size));
    const auto etag = bench.client->copy_part("k", {"id"}, 2, "s", {"\"v\""}, {0, 10});
    CHECK(etag.has_value() == ok);
    if (etag) CHECK(etag->value == "\"p\"");
  }
}

TEST_CASE("a service that copies no parts is asked once") {
  struct Row {
    http::Exchange answer;
    bool refused;
  };
  for (const Row& row : std::vector<Row>{
           {s3_error(501, "NotImplemented"), true},        // s3rver
           {s3_error(411, "MissingContentLength"), true},  // gofakes3
           {s3_error(400, "InvalidArgument"), true},
           {s3_error(405, "MethodNotAllowed"), true},
           {s3_error(400, "ExpiredToken"), false},
           {s3_error(400, "InvalidPart"), false},
           {s3_error(403, "AccessDenied"), false},
           {s3_error(404, "NoSuchKey"), false},
           {s3_error(412, "PreconditionFailed"), false},
           {s3_error(500, "InternalError"), false},
           {reply(400, {}, "<html/>"), false},
       }) {
    Bench bench;
    bench.transport.otherwise([&](const auto&) { return row.answer; });
    CHECK(bench.client->copies_parts());
    const auto etag = bench.client->copy_part("k", {"id"}, 1, "s", {}, {0, 10});
    REQUIRE_FALSE(etag);
    INFO(etag.error().text);
    CHECK(bench.client->copies_parts() == !row.refused);
    CHECK((etag.error().err == ENOTSUP) == row.refused);
    CHECK(bench.client->notices().size() == (row.refused ? 1U : 0U));
  }
}

TEST_CASE("an object of a directory that may not be copied is written, from then on at once") {
  const http::Exchange refusal = s3_error(400, "DirectoryObjectContainsData");
  const http::Exchange stored = reply(200, {{"ETag", "\"new\""}});
  Bench bench;
  bench.transport.then(refusal).then(object(0, "\"v\"")).then(stored);
  CHECK(bench.client->copy({"a/", "b/", {"\"v\""}, {}})->value == "\"new\"");
  CHECK(bench.sent_header(2, "x-amz-meta-ctime") == "5.000000007");
  CHECK(bench.sent_header(2, "x-amz-copy-source") == "(none)");
  bench.transport.then(object(0, "\"v\"")).then(stored);
  CHECK(bench.client->copy({"a/", "b/", {"\"v\""}, kOther}));
  CHECK(bench.count() == 5);
  CHECK(bench.sent_header(4, "x-amz-meta-ctime") == "4.000000007");
  SECTION("but only the version that was meant") {
    bench.transport.then(object(0, "\"w\""));
    CHECK(bench.client->copy({"a/", "b/", {"\"v\""}, {}}).error().err == ESTALE);
  }
  SECTION("and none that holds bytes") {
    bench.transport.then(object(3, "\"v\"")).then(refusal).then(object(3, "\"v\""));
    CHECK(bench.client->copy({"a/", "b/", {"\"v\""}, {}}).error().err == EIO);
  }
  SECTION("files are copied or not") {
    bench.transport.then(refusal);
    CHECK(bench.client->copy({"a", "b", {"\"v\""}, {}}).error().err == EIO);
    CHECK(bench.count() == 6);
  }
}

TEST_CASE("a batch that the service does not know in whatever words is done one by one") {
  for (const http::Exchange& answer :
       {s3_error(411, "MissingContentLength"), s3_error(400, "InvalidRequest"),
        s3_error(405, "MethodNotAllowed"), s3_error(501, "NotImplemented")}) {
    Bench bench;
    std::size_t batches = 0;
    bench.transport.otherwise([&](const test::RecordedRequest& request) {
      if (request.request.method == http::Method::del) return reply(204);
      ++batches;
      return answer;
    });
    for (int round = 0; round < 3; ++round) {
      for (const Status& status : bench.client->remove_many({"a", "b"})) CHECK(status);
    }
    CHECK(batches <= 2);  // 411 is tried once more
  }
}

TEST_CASE(
    "one reply that does not name its version is asked for again, and never another version") {
  const http::Exchange good = reply(
      206, {{"ETag", "\"v\""}, {"Content-Range", "bytes 0-4/5"}, {"Content-Length", "5"}}, "hello");
  http::Exchange bare = good;
  bare.headers.remove("ETag");
  bare.headers.add("Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT");
  SECTION("once") {
    Bench bench;
    bench.transport.then(bare).then(good);
    StringSink sink;
    REQUIRE(bench.client->get({"k", ByteRange{0, 5}, {"\"v\""}}, sink));
    CHECK(sink.text == "hello");
    CHECK(bench.count() == 2);
  }
  SECTION("always") {
    Bench bench;
    bench.transport.otherwise([&](const auto&) { return bare; });
    StringSink sink;
    CHECK(bench.client->get({"k", ByteRange{0, 5}, {"\"v\""}}, sink).error().err == EIO);
    CHECK(sink.text.empty());
  }
  SECTION("where nobody asks for a version, but the service names them") {
    Bench bench;
    bench.transport.then(good).then(bare).then(good);
    for (int round = 0; round < 2; ++round) {
      StringSink sink;
      REQUIRE(bench.client->get({"k", ByteRange{0, 5}, {}}, sink));
      CHECK(sink.text == "hello");
    }
    CHECK(bench.count() == 3);
  }
  SECTION("HEAD") {
    Bench bench;
    http::Exchange head = object(5, "\"v\"");
    head.headers.remove("ETag");
    head.headers.add("Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT");
    bench.transport.then(head).then(object(5, "\"v\"")).then(head).then(object(5, "\"v\""));
    CHECK(bench.client->head("k")->etag.empty());  // as of a service that names none
    CHECK(bench.client->head("k")->etag.value == "\"v\"");
    CHECK(bench.client->head("k")->etag.value == "\"v\"");
    CHECK(bench.count() == 4);
  }
}

TEST_CASE("a listing of another bucket than before is not believed") {
  Bench bench;
  const http::Exchange ours = listing_of("k", 1, "e", "<Name>alias</Name>");
  const http::Exchange theirs = listing_of("z", 1, "e", "<Name>other</Name>");
  bench.transport.then(ours).then(theirs).then(ours);
  CHECK(bench.client->list({})->objects.at(0).key == "k");
  CHECK(bench.client->list({})->objects.at(0).key == "k");
  CHECK(bench.count() == 3);
  bench.transport.otherwise([&](const auto&) { return theirs; });
  CHECK(bench.client->list({}).error().err == EIO);
}

TEST_CASE("a version 1 listing answered as version 2 goes on with its token") {
  Bench bench;
  const auto page = [](const std::string& key, const std::string& token) {
    return reply(
        200, {},
        "<ListBucketResult><IsTruncated>" + std::string(token.empty() ? "false" : "true") +
            "</IsTruncated>" +
            (token.empty() ? "" : "<NextContinuationToken>" + token + "</NextContinuationToken>") +
            "<Contents><Key>" + key +
            "</Key><Size>1</Size></Contents>"
            "</ListBucketResult>");
  };
  bench.transport.then(page("a", "t/1")).then(page("b", "t/2")).then(page("c", ""));
  ListRequest request;
  std::string keys;
  do {
    const auto list = bench.client->list(request);
    REQUIRE(list);
    keys += list->objects.at(0).key;
    request.continuation = list->next;
  } while (!request.continuation.empty());
  CHECK(keys == "abc");
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(bench.sent(0).url, !ContainsSubstring("list-type"));
  CHECK_THAT(bench.sent(1).url, ContainsSubstring("continuation-token=t%2F1&"));
  CHECK_THAT(bench.sent(1).url, ContainsSubstring("list-type=2"));
  CHECK_THAT(bench.sent(2).url, ContainsSubstring("continuation-token=t%2F2&"));
  SECTION("and notices a circle") {
    Bench circle;
    circle.transport.otherwise([&](const auto&) { return page("a", "t"); });
    const auto first = circle.client->list({});
    REQUIRE(first);
    request.continuation = first->next;
    CHECK(circle.client->list(request).error().err == EIO);
  }
}

TEST_CASE("a key that is listed beside the prefix it stands for, or in its stead, is that prefix") {
  Bench bench;
  const auto contents = [](const std::string& key) {
    return "<Contents><Key>" + key + "</Key><Size>0</Size></Contents>";
  };
  bench.transport.then(
      reply(200, {},
            "<ListBucketResult><IsTruncated>false</IsTruncated>" + contents("d/") +
                contents("d/x/") + contents("d/y") + contents("d/z/") +
                "<CommonPrefixes><Prefix>d/x/</Prefix></CommonPrefixes></ListBucketResult>"));
  ListRequest request;
  request.prefix = "d/";
  const auto page = bench.client->list(request);
  REQUIRE(page);
  CHECK(page->prefixes == std::vector<std::string>{"d/x/", "d/z/"});
  REQUIRE(page->objects.size() == 2);
  CHECK(page->objects[0].key == "d/");  // the directory's own
  CHECK(page->objects[1].key == "d/y");
}

TEST_CASE("an object is not empty because a HEAD says so, when its ETag and a list say otherwise") {
  const std::string etag = md5_etag("hello");
  Bench once;
  once.transport.then(object(0, etag)).then(listing_of("k", 5, etag)).then(object(5, etag));
  CHECK(once.client->head("k")->size == 5);
  Bench always;
  always.transport.then(object(0, etag)).then(listing_of("k", 5, etag)).then(object(0, etag));
  CHECK(always.client->head("k").error().err == EIO);
  Bench replaced;
  replaced.transport.then(object(0, etag)).then(listing_of("k", 5, etag)).then(object(0, "\"w\""));
  CHECK(replaced.client->head("k")->size == 0);
  Bench honest;
  honest.transport.otherwise([](const test::RecordedRequest& request) {
    return request.request.method == http::Method::head ? object(0, "\"opaque\"")
                                                        : listing_of("k", 0, "\"opaque\"");
  });
  for (int i = 0; i < 100; ++i) CHECK(honest.client->head("k")->size == 0);
  CHECK(honest.count() < 120);  // believed in the end
  Bench plain;
  plain.transport.otherwise([](const auto&) { return object(0, md5_etag("")); });
  CHECK(plain.client->head("k")->size == 0);
  CHECK(plain.client->head("d/")->size == 0);
  CHECK(plain.count() == 2);
}

http::Exchange bytes(const std::string& text, const std::string& etag) {
  return reply(206,
               {{"ETag", etag},
                {"Content-Range",
                 "bytes 0-" + std::to_string(text.size() - 1) + "/" + std::to_string(text.size())},
                {"Content-Length", std::to_string(text.size())}},
               text);
}

TEST_CASE("whole small objects are compared with the MD5 that their ETag is, over plain http") {
  const http::Exchange good = bytes("hello", md5_etag("hello"));
  const http::Exchange bad = bytes("hellO", md5_etag("hello"));
  const http::Exchange worse = bytes("Hello", md5_etag("hello"));
  const GetRequest whole{"k", ByteRange{0, 5}, {}};
  StringSink sink;
  SECTION("damage is read again") {
    Bench bench(plain_http());
    bench.transport.then(bad).then(good);
    REQUIRE(bench.client->get(whole, sink));
    CHECK(sink.text == "hello");
    CHECK(sink.in_order);
  }
  SECTION("damage that does not end is an error, and none of it is delivered") {
    Bench bench(plain_http());
    bench.transport.then(bad).then(worse);
    CHECK(bench.client->get(whole, sink).error().err == EIO);
    CHECK(sink.text.empty());
  }
  SECTION("the same twice is what such a service has, unless its ETags were MD5s before") {
    Bench bench(plain_http());
    bench.transport.then(bad).then(bad).then(bad);
    REQUIRE(bench.client->get(whole, sink));
    CHECK(sink.text == "hellO");
    CHECK(bench.client->notices().size() == 1);
    REQUIRE(bench.client->get(whole, sink));
    CHECK(bench.count() == 3);
    Bench other(plain_http());
    other.transport.then(good).then(bad).then(bad);
    REQUIRE(other.client->get(whole, sink));
    CHECK(other.client->get(whole, sink).error().err == EIO);
  }
  SECTION("a reply that was cut goes on and is compared as a whole") {
    Bench bench(plain_http());
    http::Exchange half = good;
    half.body.resize(2);
    http::Exchange rest =
        reply(206, {{"ETag", md5_etag("hello")}, {"Content-Range", "bytes 2-4/5"}}, "llo");
    bench.transport.then(failure(Failure::broken, "cut", half)).then(rest);
    REQUIRE(bench.client->get(whole, sink));
    CHECK(sink.text == "hello");
    CHECK(bench.sent_header(1, "Range") == "bytes=2-4");
  }
  SECTION("where nothing can be compared") {
    for (auto [name, answer] :
         {std::pair("of parts", bytes("hellO", "\"5d41402abc4b2a76b9719d911017c592-2\"")),
          std::pair("opaque", bytes("hellO", "\"e\""))}) {
      INFO(name);
      Bench bench(plain_http());
      bench.transport.then(answer);
      StringSink any;
      CHECK(bench.client->get(whole, any));
      CHECK(any.text == "hellO");
    }
    Bench kms(plain_http());
    http::Exchange encrypted = bad;
    encrypted.headers.add("x-amz-server-side-encryption", "aws:kms");
    kms.transport.then(encrypted);
    CHECK(kms.client->get(whole, sink));
    Bench tls;
    tls.transport.then(bad);
    CHECK(tls.client->get(whole, sink));
  }
}

}  // namespace
}  // namespace pailfs::s3
