// SPDX-License-Identifier: Apache-2.0
// Changes with a condition: what is sent, what is looked at, and what is remembered.
#include "client_fixture.h"
#include "s3/body_digest.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const ObjectAttributes kOurs{"text/plain", {{"mode", "33188"}, {"ctime", "5.000000007"}}, {}};
const ObjectAttributes kTheirs{"text/plain", {{"mode", "33188"}, {"ctime", "4.000000007"}}, {}};
const Condition kVersion{.version = {"\"v1\""}};
const Condition kForeign{.version = {"\"v1\""}, .foreign = true};
const Condition kAbsent{.absent = true};

/// Over TLS a refusal might be about the checksums.
struct Wire : Bench {
  Wire() : Bench(plain()) {}
  static Config plain() {
    Config config = path_config();
    config.url = "http://s3.example.com";
    return config;
  }
  Result<ETag> put(const Condition& condition, const std::string& bytes = "hello",
                   const std::string& key = "k") {
    StringSource body(bytes);
    return client->put({key, kOurs, condition}, body);
  }
  Result<ETag> complete(const Condition& condition) {
    return client->complete_upload("k", {"id"}, {{1, {part_etag()}, 5}}, condition);
  }
  static std::string part_etag() { return "\"" + hex(digest(Digest::md5, "hello")) + "\""; }
  [[nodiscard]] std::vector<std::string> said(std::string_view header = "If-Match") const {
    std::vector<std::string> all;
    for (const auto& each : transport.requests())
      all.emplace_back(each.request.headers.find(header).value_or("-"));
    return all;
  }
};

http::Exchange object(const std::string& etag, const std::string& bytes = "12345",
                      const ObjectAttributes& attributes = kOurs) {
  http::Exchange head =
      reply(200, {{"ETag", etag}, {"Content-Length", std::to_string(bytes.size())}});
  for (const auto& [name, value] : attributes.metadata)
    head.headers.add("x-amz-meta-" + name, value);
  return head;
}

std::string md5_etag(const std::string& bytes) {
  return "\"" + hex(digest(Digest::md5, bytes)) + "\"";
}

const http::Exchange kFailed = s3_error(412, "PreconditionFailed");
const http::Exchange kStored = reply(200, {{"ETag", "\"new\""}});
const http::Exchange kCopied =
    reply(200, {}, "<CopyObjectResult><ETag>\"new\"</ETag></CopyObjectResult>");
const http::Exchange kCompleted = reply(
    200, {}, "<CompleteMultipartUploadResult><ETag>\"new\"</ETag></CompleteMultipartUploadResult>");

TEST_CASE("another's version is first replaced as if it were one that no object has") {
  Wire wire;
  SECTION("a service that refuses it obeys, and gets the right one") {
    wire.transport.then(kFailed).then(kStored).then(kStored);
    REQUIRE(wire.put(kForeign));
    REQUIRE(wire.put(kForeign));
    CHECK(wire.said() ==
          std::vector<std::string>{"\"" + std::string(32, '0') + "\"", "\"v1\"", "\"v1\""});
    CHECK(wire.client->obedience().put == Obeys::yes);
    CHECK(wire.client->obedience().put_absent == Obeys::unknown);
    CHECK(wire.client->obedience().complete == Obeys::unknown);
  }
  SECTION("a service that takes it obeys none, and is told none") {
    wire.transport.then(kStored).then(kStored).then(kStored);
    REQUIRE(wire.put(kForeign));
    REQUIRE(wire.put(kForeign));
    REQUIRE(wire.put(kVersion));
    CHECK(wire.said()[1] == "-");
    CHECK(wire.said()[2] == "-");
    CHECK(wire.count() == 3);
    CHECK(wire.client->obedience().put == Obeys::no);
  }
  SECTION("a failure leaves it to the next change") {
    wire.transport.then(s3_error(403, "AccessDenied")).then(kFailed).then(kStored);
    CHECK_FALSE(wire.put(kForeign));
    REQUIRE(wire.put(kForeign));
    CHECK(wire.count() == 3);
  }
  SECTION("versions of ours cost nothing") {
    wire.transport.then(kStored);
    REQUIRE(wire.put(kVersion));
    CHECK(wire.said() == std::vector<std::string>{"\"v1\""});
    CHECK(wire.client->obedience().put == Obeys::unknown);
  }
}

TEST_CASE("without conditions nothing is said of them") {
  Config config = Wire::plain();
  config.conditions = false;
  Bench bench(config);
  StringSource body("hello");
  bench.transport.then(kStored).then(kStored).then(reply(204));
  REQUIRE(bench.client->put({"k", {}, kForeign}, body));
  REQUIRE(bench.client->put({"k", {}, kAbsent}, body));
  REQUIRE(bench.client->remove(store::Removal("k", {"\"v1\""})));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(bench.sent_header(i, "If-Match") == "(none)");
    CHECK(bench.sent_header(i, "If-None-Match") == "(none)");
  }
  CHECK(bench.client->obedience().put == Obeys::no);
}

TEST_CASE("a service that refuses the header is sent the change without, from then on at once") {
  for (const http::Exchange& refusal :
       {s3_error(501, "NotImplemented"), s3_error(400, "InvalidArgument")}) {
    Wire wire;
    wire.transport.then(refusal).then(kStored).then(kStored).then(refusal).then(kStored);
    REQUIRE(wire.put(kVersion));
    REQUIRE(wire.put(kForeign));
    REQUIRE(wire.put(kAbsent));
    CHECK(wire.said() == std::vector<std::string>{"\"v1\"", "-", "-", "-", "-"});
    CHECK(wire.said("If-None-Match")[3] == "*");
    CHECK(wire.client->obedience().put == Obeys::no);
    CHECK(wire.client->obedience().put_absent == Obeys::no);
    CHECK(wire.client->obedience().copy == Obeys::unknown);
  }
  SECTION("but nothing is learned when the header was not the reason") {
    Wire wire;
    wire.transport.otherwise([](const auto&) { return s3_error(400, "InvalidArgument"); });
    CHECK(wire.put(kVersion).error().err == EIO);
    CHECK(wire.client->obedience().put == Obeys::unknown);
  }
}

TEST_CASE("a service that wants ETags without quotes gets them so from then on") {
  Wire wire;
  wire.transport.then(kFailed).then(object("\"v1\"")).then(kStored).then(kStored).then(kFailed);
  REQUIRE(wire.put(kVersion));
  REQUIRE(wire.put(kVersion));
  const auto lost = wire.put(kVersion);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().err == ESTALE);
  CHECK(wire.said() == std::vector<std::string>{"\"v1\"", "-", "v1", "v1", "v1"});
  CHECK(wire.client->obedience().put == Obeys::yes);
  CHECK(wire.client->obedience().complete == Obeys::unknown);
}

TEST_CASE("a service that refuses what is right however it is said is told nothing") {
  Wire wire;
  wire.transport.then(kFailed).then(object("\"v1\"")).then(kFailed).then(object("\"v1\""));
  wire.transport.then(kStored).then(kStored);
  REQUIRE(wire.put(kVersion));
  REQUIRE(wire.put(kVersion));
  CHECK(wire.said() == std::vector<std::string>{"\"v1\"", "-", "v1", "-", "-", "-"});
  CHECK(wire.client->obedience().put == Obeys::no);
}

TEST_CASE("a version that is gone is stale, whatever the service calls it") {
  for (const http::Exchange& refusal : {s3_error(404, "NoSuchKey"), kFailed}) {
    Wire wire;
    wire.transport.then(refusal).then(reply(404));
    const auto etag = wire.put(kVersion);
    REQUIRE_FALSE(etag);
    CHECK(etag.error().err == ESTALE);
    CHECK(wire.client->obedience().put == Obeys::yes);
  }
}

TEST_CASE("of two who make one directory each hears of its own") {
  const std::string empty = md5_etag("");
  struct Row {
    ObjectAttributes found;
    bool doubt;
    bool ok;
  };
  for (const Row& row : std::vector<Row>{
           {kOurs, true, true}, {kTheirs, true, false}, {kOurs, false, false}, {{}, true, true}}) {
    Wire wire;
    if (row.doubt) wire.transport.then(failure(Failure::broken));
    wire.transport.then(kFailed).then(object(empty, "", row.found));
    const auto etag = wire.put(kAbsent, "", "d/");
    CHECK(etag.has_value() == row.ok);
    if (!etag) CHECK(etag.error().err == EEXIST);
    CHECK(wire.client->obedience().put_absent == (row.ok ? Obeys::unknown : Obeys::yes));
  }
}

TEST_CASE("an object that is in the way of a known service is not looked at") {
  Wire wire;
  wire.transport.then(kFailed).then(object("\"x\"")).then(kFailed);
  CHECK(wire.put(kAbsent).error().err == EEXIST);
  CHECK(wire.put(kAbsent).error().err == EEXIST);
  CHECK(wire.count() == 3);
}

TEST_CASE("Alibaba and Tencent are told absence by a header of their own") {
  for (const auto& [host, header] :
       {std::pair("oss-cn-hangzhou.aliyuncs.com", "x-oss-forbid-overwrite"),
        std::pair("cos.ap-guangzhou.myqcloud.com", "x-cos-forbid-overwrite")}) {
    Config config = Wire::plain();
    config.url = std::string("http://") + host;
    config.path_style = false;
    Bench bench(config);
    StringSource body("hello");
    bench.transport.then(kStored).then(s3_error(409, "FileAlreadyExists")).then(object("\"x\""));
    CHECK(bench.client->put({"k", {}, kAbsent}, body));
    CHECK(bench.client->put({"k", {}, kAbsent}, body).error().err == EEXIST);
    CHECK(bench.sent_header(0, header) == "true");
    CHECK(bench.sent_header(0, "If-None-Match") == "(none)");
    CHECK_THAT(bench.sent_header(0, "Authorization"), Catch::Matchers::ContainsSubstring(header));
    CHECK(bench.client->obedience().put_absent == Obeys::yes);
  }
}

TEST_CASE("a change that meets another under way is looked at and tried again") {
  const http::Exchange conflict = s3_error(409, "ConditionalRequestConflict");
  SECTION("it is made when the other is not") {
    Wire wire;
    wire.transport.then(conflict).then(conflict).then(object("\"v1\"")).then(kStored);
    REQUIRE(wire.put(kVersion));
    CHECK(wire.said()[3] == "\"v1\"");
  }
  SECTION("it is stale when the other is") {
    Wire wire;
    wire.transport.then(conflict).then(conflict).then(object("\"v2\""));
    CHECK(wire.put(kVersion).error().err == ESTALE);
  }
  SECTION("it ends") {
    Wire wire;
    wire.transport.otherwise([&](const test::RecordedRequest& request) {
      return request.request.method == http::Method::head ? object("\"v1\"") : conflict;
    });
    const auto etag = wire.put(kVersion);
    CHECK(etag.error().err == EIO);
    CHECK(etag.error().refusal == Refusal::busy);
    CHECK(wire.count() <= 20);
  }
  SECTION("an upload is to be made anew") {
    Wire wire;
    wire.transport.then(conflict).then(conflict);
    const auto etag = wire.complete(kVersion);
    CHECK(etag.error().err == EIO);
    CHECK(etag.error().refusal == Refusal::upload_gone);
  }
}

TEST_CASE("an upload completes on its condition, once") {
  const std::string done = "\"" + hex(digest(Digest::md5, digest(Digest::md5, "hello"))) + "-1\"";
  Wire wire;
  SECTION("its own earlier attempt is no other writer") {
    wire.transport.then(failure(Failure::broken)).then(kFailed).then(object(done));
    const auto etag = wire.complete(kVersion);
    REQUIRE(etag);
    CHECK(etag->value == done);
  }
  SECTION("another writer is") {
    wire.transport.then(failure(Failure::broken)).then(kFailed).then(object("\"v2\""));
    CHECK(wire.complete(kVersion).error().err == ESTALE);
    CHECK(wire.count() == 3);
  }
  SECTION("an object that is gone is one, an upload that is gone is not") {
    wire.transport.then(s3_error(404, "NoSuchKey")).then(reply(404)).then(reply(404));
    CHECK(wire.complete(kVersion).error().err == ESTALE);
    wire.transport.then(s3_error(404, "NoSuchKey")).then(object("\"v1\""));
    CHECK(wire.complete(kVersion).error().err == EIO);
  }
  SECTION("a service that ignores conditions is found out") {
    wire.transport.then(kCompleted).then(kCompleted);
    REQUIRE(wire.complete(kForeign));
    REQUIRE(wire.complete(kForeign));
    CHECK(wire.said()[1] == "-");
    CHECK(wire.client->obedience().complete == Obeys::no);
  }
  SECTION("absence") {
    wire.transport.then(kFailed).then(object("\"v2\""));
    CHECK(wire.complete(kAbsent).error().err == EEXIST);
    CHECK(wire.said("If-None-Match")[0] == "*");
  }
}

TEST_CASE("a copy that is refused tells its destination from its source") {
  Wire wire;
  const auto copy = [&](const Condition& condition) {
    return wire.client->copy({"a", "b", {"\"s\""}, kOurs, 5, condition});
  };
  SECTION("the destination is there") {
    wire.transport.then(kFailed).then(object("\"v2\"")).then(object("\"s\""));
    CHECK(copy(kAbsent).error().err == EEXIST);
    CHECK(wire.client->obedience().copy_absent == Obeys::yes);
  }
  SECTION("the source is another one") {
    wire.transport.then(kFailed).then(reply(404)).then(object("\"t\""));
    CHECK(copy(kAbsent).error().err == ESTALE);
    CHECK(wire.client->obedience().copy_absent == Obeys::unknown);
  }
  SECTION("both are") {
    wire.transport.then(kFailed).then(object("\"v2\"")).then(object("\"t\""));
    CHECK(copy(kVersion).error().err == ESTALE);
    CHECK(wire.client->obedience().copy == Obeys::unknown);
  }
  SECTION("the destination is gone") {
    wire.transport.then(s3_error(404, "NoSuchKey")).then(object("\"s\"")).then(reply(404));
    wire.transport.then(object("\"s\""));
    CHECK(copy(kVersion).error().err == ESTALE);
  }
  SECTION("the source is gone") {
    wire.transport.then(s3_error(404, "NoSuchKey")).then(reply(404));
    CHECK(copy(kVersion).error().err == ENOENT);
  }
  SECTION("its own earlier attempt has made it") {
    wire.transport.then(failure(Failure::broken)).then(kFailed).then(object("\"new\""));
    CHECK(copy(kVersion)->value == "\"new\"");
  }
  SECTION("a service that ignores conditions is found out") {
    wire.transport.then(kCopied).then(kCopied);
    REQUIRE(copy(kForeign));
    REQUIRE(copy(kForeign));
    CHECK(wire.said()[1] == "-");
  }
}

TEST_CASE("only the version that is meant is removed") {
  Wire wire;
  const auto remove = [&](bool foreign = false) {
    Removal removal("k", {"\"v1\""});
    removal.foreign = foreign;
    return wire.client->remove(removal);
  };
  SECTION("another one stays") {
    wire.transport.then(kFailed).then(object("\"v2\""));
    CHECK(remove().error().err == ESTALE);
    CHECK(wire.client->obedience().remove == Obeys::yes);
  }
  SECTION("absent is success") {
    wire.transport.then(s3_error(404, "NoSuchKey"));
    CHECK(remove());
    wire.transport.then(kFailed).then(reply(404));
    CHECK(remove());
  }
  SECTION("a service that does not know it") {
    wire.transport.then(s3_error(501, "NotImplemented")).then(reply(204)).then(reply(204));
    CHECK(remove());
    CHECK(remove());
    CHECK(wire.said() == std::vector<std::string>{"\"v1\"", "-", "-"});
  }
  SECTION("one that ignores it") {
    wire.transport.then(reply(204)).then(reply(204));
    CHECK(remove(true));
    CHECK(remove(true));
    CHECK(wire.said()[1] == "-");
  }
}

http::Exchange deleted(const std::vector<std::string>& keys,
                       const std::vector<std::string>& refused = {},
                       const std::string& code = "PreconditionFailed") {
  std::string body = "<DeleteResult>";
  for (const std::string& key : keys) body += "<Deleted><Key>" + key + "</Key></Deleted>";
  for (const std::string& key : refused)
    body += "<Error><Key>" + key + "</Key><Code>" + code + "</Code></Error>";
  return reply(200, {}, body + "</DeleteResult>");
}

TEST_CASE("a batch removes only the versions that are meant") {
  Wire wire;
  const std::vector<Removal> two{{"a", {"\"va\""}}, {"b", {"\"vb\""}}};
  const auto body = [&](std::size_t index) { return wire.transport.requests().at(index).body; };
  using Catch::Matchers::ContainsSubstring;
  SECTION("others stay") {
    wire.transport.then(deleted({"a"}, {"b"})).then(object("\"vx\""));
    const auto verdicts = wire.client->remove_many(two);
    CHECK(verdicts[0]);
    CHECK(verdicts[1].error().err == ESTALE);
    CHECK_THAT(body(0), ContainsSubstring("<ETag>&quot;vb&quot;</ETag>"));
    CHECK(wire.client->obedience().remove_many == Obeys::yes);
  }
  SECTION("what is gone is gone") {
    wire.transport.then(deleted({"a"}, {"b"})).then(reply(404));
    CHECK(wire.client->remove_many(two)[1]);
    wire.transport.then(deleted({"a"}, {"b"}, "NoSuchKey"));
    CHECK(wire.client->remove_many(two)[1]);
  }
  SECTION("a service that does not know the element") {
    wire.transport.then(s3_error(400, "MalformedXML")).then(deleted({"a", "b"}));
    wire.transport.then(deleted({"a", "b"}));
    for (int i = 0; i < 2; ++i) {
      for (const Status& verdict : wire.client->remove_many(two)) CHECK(verdict);
    }
    CHECK_THAT(body(1), !ContainsSubstring("ETag"));
    CHECK_THAT(body(2), !ContainsSubstring("ETag"));
    CHECK(wire.client->obedience().remove_many == Obeys::no);
    CHECK(wire.count() == 3);
  }
  SECTION("one that wants no quotes") {
    wire.transport.then(deleted({"a"}, {"b"})).then(object("\"vb\"")).then(deleted({}, {"b"}));
    wire.transport.then(object("\"vb\"")).then(deleted({"b"})).then(deleted({"a", "b"}));
    for (const Status& verdict : wire.client->remove_many(two)) CHECK(verdict);
    for (const Status& verdict : wire.client->remove_many(two)) CHECK(verdict);
    CHECK_THAT(body(5), ContainsSubstring("<ETag>va</ETag>"));
  }
  SECTION("one that ignores it is found out by another's version") {
    auto foreign = two;
    for (Removal& removal : foreign) removal.foreign = true;
    wire.transport.then(deleted({"a"})).then(deleted({"b", "c"}));
    foreign.push_back({"c", {"\"vc\""}});
    for (const Status& verdict : wire.client->remove_many(foreign)) CHECK(verdict);
    CHECK_THAT(body(1), !ContainsSubstring("ETag"));
    CHECK(wire.client->obedience().remove_many == Obeys::no);
  }
}

}  // namespace
}  // namespace pailfs::s3
