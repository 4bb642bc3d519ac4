// SPDX-License-Identifier: Apache-2.0
// Encryption asked for and keys tried: what is sent, and what is believed of the answer.
#include "s3/sse.h"

#include "client_fixture.h"
#include "s3/body_digest.h"
#include "s3/request.h"

namespace pailfs::s3 {
namespace {

using test::reply;
using Kind = Encryption::Kind;

const std::string kRawA(32, 'a');
const std::string kRawB(32, 'b');

CustomerKey key_of(const std::string& line) {
  auto key = parse_customer_key(line);
  REQUIRE(key);
  return *key;
}

Encryption with_keys(Kind kind, const std::vector<std::string>& lines) {
  Encryption encryption;
  encryption.kind = kind;
  for (const std::string& line : lines) encryption.keys.push_back(key_of(line));
  return encryption;
}

Config config_with(Encryption encryption) {
  Config config = Bench::path_config();
  config.encryption = std::move(encryption);
  return config;
}

const std::string kKey = "x-amz-server-side-encryption-customer-key";
const std::string kMd5 = "x-amz-server-side-encryption-customer-key-md5";
const std::string kAlgorithm = "x-amz-server-side-encryption-customer-algorithm";
const std::string kSourceKey = "x-amz-copy-source-server-side-encryption-customer-key";
const std::string kPlain = "x-amz-server-side-encryption";

http::Exchange stored(const std::string& raw) {
  return reply(
      200, {{"ETag", "\"new\""}, {kAlgorithm, "AES256"}, {kMd5, base64(digest(Digest::md5, raw))}});
}

const http::Exchange kHead = reply(200, {{"Content-Length", "3"}, {"ETag", "\"v\""}});

TEST_CASE("a key is 32 bytes, or their base64") {
  CHECK(key_of(kRawA).base64.reveal() == base64(kRawA));
  CHECK(key_of(base64(kRawA)).base64.reveal() == base64(kRawA));
  CHECK(key_of(base64(kRawA)).md5 == base64(digest(Digest::md5, kRawA)));
  for (const std::string& bad : {std::string("short"), std::string(31, 'k'), std::string(33, '!'),
                                 base64(std::string(31, 'k')), base64(std::string(64, 'k'))}) {
    const auto refused = parse_customer_key(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().err == EINVAL);
    CHECK(refused.error().text.find(bad) == std::string::npos);
  }
}

TEST_CASE("a key file has remarks, empty lines and keys, in their order") {
  const auto keys =
      parse_customer_keys("# new\n" + kRawB + "\r\n\n  " + base64(kRawA) + "  \n#old\n", '\n');
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK((*keys)[0].base64.reveal() == base64(kRawB));
  CHECK((*keys)[1].base64.reveal() == base64(kRawA));
  CHECK(parse_customer_keys(base64(kRawA) + ":" + base64(kRawB), ':')->size() == 2);
  CHECK(parse_customer_keys("", '\n')->empty());
  const auto bad = parse_customer_keys(kRawA + "\nshort\n", '\n');
  REQUIRE_FALSE(bad);
  CHECK(bad.error().text == "key 2: a key of 5 bytes, but AES-256 needs 32");
}

struct Sent {
  std::string name;
  Built built;
  bool creates;    ///< an object: x-amz-acl and its like
  bool has_bytes;  ///< needs a customer's key
};

std::vector<Sent> every_request(const Site& site, const CustomerKey* read_key) {
  const UploadId id{"u"};
  const auto take = [](Result<Built> built) {
    REQUIRE(built);
    return *std::move(built);
  };
  return {
      {"HEAD", take(build_head(site, "k", read_key)), false, true},
      {"GET", take(build_get(site, {"k", {}, {}}, read_key)), false, true},
      {"PUT", take(build_put(site, {"k", {}})), true, true},
      {"COPY", take(build_copy(site, {"s", "k", {}, {}}, read_key)), true, true},
      {"POST upload", take(build_create_upload(site, "k", {})), true, true},
      {"PUT part", take(build_upload_part(site, "k", id, 1)), false, true},
      {"COPY part", take(build_copy_part(site, {"k", id, 1, "s", {}, {0, 9}, read_key})), false,
       true},
      {"POST complete", take(build_complete_upload(site, "k", id, {{1, {"\"e\""}, 1}})), false,
       true},
      {"DELETE upload", take(build_abort_upload(site, "k", id)), false, false},
      {"LIST parts", take(build_list_parts(site, "k", id, "")), false, false},
      {"DELETE", take(build_remove(site, "k")), false, false},
      {"DELETE batch", take(build_remove_many(site, {"k"})), false, false},
      {"LIST", build_list(site, {}, "", false), false, false},
      {"LIST uploads", build_list_uploads(site, "", {}), false, false},
  };
}

std::string header(const Built& built, const std::string& name) {
  return std::string(built.request.headers.find(name).value_or("(none)"));
}

TEST_CASE("each request carries the headers of the options that concern it and no other") {
  for (const Kind kind : {Kind::none, Kind::service, Kind::customer, Kind::kms}) {
    Encryption encryption;
    if (kind == Kind::customer) encryption = with_keys(kind, {kRawA, kRawB});
    encryption.kind = kind;
    encryption.kms_key = "arn:k";
    Config config = config_with(encryption);
    config.acl = "public-read";
    config.storage_class = "standard_ia";
    config.requester_pays = true;
    config.extra_headers = std::make_shared<const ExtraHeaders>(
        ExtraHeaders::parse(" Cache-Control max-age=9", "")->headers);
    const Site site = make_site(config, "r");
    for (const Sent& sent : every_request(site, site.encryption.customer())) {
      INFO(sent.name << " with encryption " << static_cast<int>(kind));
      const Built& built = sent.built;
      CHECK(header(built, "x-amz-request-payer") == "requester");
      CHECK(header(built, "x-amz-acl") == (sent.creates ? "public-read" : "(none)"));
      CHECK(header(built, "x-amz-storage-class") == (sent.creates ? "STANDARD_IA" : "(none)"));
      CHECK(header(built, "Cache-Control") == (sent.creates ? "max-age=9" : "(none)"));
      const bool named = sent.creates && (kind == Kind::service || kind == Kind::kms);
      CHECK(header(built, kPlain) == (!named              ? "(none)"
                                      : kind == Kind::kms ? "aws:kms"
                                                          : "AES256"));
      CHECK(header(built, kPlain + "-aws-kms-key-id") ==
            (named && kind == Kind::kms ? "arn:k" : "(none)"));
      const bool keyed = sent.has_bytes && kind == Kind::customer;
      CHECK(header(built, kAlgorithm) == (keyed ? "AES256" : "(none)"));
      CHECK(header(built, kKey) == (keyed ? base64(kRawA) : "(none)"));
      CHECK(header(built, kMd5) == (keyed ? base64(digest(Digest::md5, kRawA)) : "(none)"));
      const bool copies = sent.name == "COPY" || sent.name == "COPY part";
      CHECK(header(built, kSourceKey) == (keyed && copies ? base64(kRawA) : "(none)"));
    }
  }
}

TEST_CASE("objects under another key, or none, are found by trying and then remembered") {
  Bench bench(config_with(with_keys(Kind::customer, {kRawA, kRawB})));
  bench.transport.then(reply(400))
      .then(kHead)
      .then(reply(206,
                  {{"ETag", "\"v\""}, {"Content-Range", "bytes 0-2/3"}, {"Content-Length", "3"}},
                  "abc"));
  REQUIRE(bench.client->head("old"));
  CHECK(bench.sent_header(0, kKey) == base64(kRawA));
  CHECK(bench.sent_header(1, kKey) == base64(kRawB));
  StringSink sink;
  REQUIRE(bench.client->get({"old", ByteRange{0, 3}, {"\"v\""}}, sink));
  CHECK(sink.text == "abc");
  CHECK(bench.sent_header(2, kKey) == base64(kRawB));
  CHECK(bench.count() == 3);

  bench.transport.then(s3_error(400, "InvalidRequest"))
      .then(s3_error(403, "AccessDenied"))
      .then(reply(200, {{"ETag", "\"p\""}, {"Content-Length", "1"}}, "x"));
  StringSink plain;
  REQUIRE(bench.client->get({"plain", {}, {}}, plain));
  CHECK(plain.text == "x");
  CHECK(bench.sent_header(5, kKey) == "(none)");
}

TEST_CASE("what is not the key's fault ends the trying at once") {
  Bench bench(config_with(with_keys(Kind::customer, {kRawA, kRawB})));
  bench.transport.then(reply(404));
  CHECK(bench.client->head("gone").error().err == ENOENT);
  CHECK(bench.count() == 1);
}

TEST_CASE("when no key fits the error says so and shows none") {
  Bench bench(config_with(with_keys(Kind::customer, {kRawA, kRawB})));
  bench.transport.otherwise([](const auto&) { return reply(400); });
  const auto head = bench.client->head("foreign");
  REQUIRE_FALSE(head);
  CHECK(head.error().err == EPERM);
  CHECK(head.error().text ==
        "HEAD foreign: HTTP 400 (neither a key of use_sse or load_sse_c nor none is accepted)");
  CHECK(bench.count() == 3);
}

TEST_CASE("keys for reading only are tried after none, and a copy keeps the key it had") {
  Bench bench(config_with(with_keys(Kind::none, {kRawA})));
  bench.transport.then(reply(400))
      .then(kHead)
      .then(reply(200, {}, "<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>"));
  REQUIRE(bench.client->head("k"));
  CHECK(bench.sent_header(0, kKey) == "(none)");
  CHECK(bench.sent_header(1, kKey) == base64(kRawA));
  REQUIRE(bench.client->copy({"k", "to", {}, {}}));
  CHECK(bench.sent_header(2, kSourceKey) == base64(kRawA));
  CHECK(bench.sent_header(2, kKey) == base64(kRawA));
  const auto part = bench.client->copy_part("to", {"u"}, 1, "k", {}, {0, 9});
  REQUIRE_FALSE(part);
  CHECK(part.error().err == EPERM);
  CHECK(bench.count() == 3);
}

TEST_CASE("a copy takes the source's key and gives the one of today") {
  Bench bench(config_with(with_keys(Kind::customer, {kRawA, kRawB})));
  http::Exchange copied = stored(kRawA);
  copied.body = "<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>";
  bench.transport.then(s3_error(400, "InvalidRequest")).then(copied).then(kHead);
  REQUIRE(bench.client->copy({"k", "k", {}, ObjectAttributes{}}));
  CHECK(bench.sent_header(1, kSourceKey) == base64(kRawB));
  CHECK(bench.sent_header(1, kKey) == base64(kRawA));
  REQUIRE(bench.client->head("k"));
  CHECK(bench.sent_header(2, kKey) == base64(kRawA));
}

TEST_CASE("a service that ignores the encryption asked for has not stored anything") {
  struct Row {
    const char* name;
    Encryption encryption;
    http::Exchange answer;
    bool good;
  };
  Encryption service;
  service.kind = Kind::service;
  Encryption kms;
  kms.kind = Kind::kms;
  kms.kms_key = "k";
  const Encryption customer = with_keys(Kind::customer, {kRawA});
  const http::Exchange silent = reply(200, {{"ETag", "\"e\""}});
  for (const Row& row : {
           Row{"none", {}, silent, true},
           Row{"service, silent", service, silent, true},
           Row{"kms, silent", kms, silent, false},
           Row{"kms, other", kms, reply(200, {{"ETag", "\"e\""}, {kPlain, "AES256"}}), false},
           Row{"kms", kms, reply(200, {{"ETag", "\"e\""}, {kPlain, "aws:kms"}}), true},
           Row{"customer, silent", customer, silent, false},
           Row{"customer, other key", customer, stored(kRawB), false},
           Row{"customer", customer, stored(kRawA), true},
       }) {
    INFO(row.name);
    Bench bench(config_with(row.encryption));
    bench.transport.then(row.answer);
    StringSource body("hello");
    const auto etag = bench.client->put({"k", {}}, body);
    CHECK(etag.has_value() == row.good);
    if (!etag) CHECK(etag.error().err == EIO);
    CHECK(bench.count() == 1);
  }
  Bench bench(config_with(customer));
  bench.transport.then(silent);
  StringSource body("part");
  CHECK_FALSE(bench.client->upload_part("k", {"u"}, 1, body));
}

TEST_CASE("the memory of keys is bounded and holds only what is unusual") {
  const Encryption encryption = with_keys(Kind::customer, {kRawA, kRawB});
  KeyChoice choice(encryption);
  const CustomerKey* a = &encryption.keys[0];
  const CustomerKey* b = &encryption.keys[1];
  CHECK(choice.candidates("k") == std::vector<const CustomerKey*>{a, b, nullptr});
  choice.learn("k", b);
  CHECK(choice.candidates("k") == std::vector<const CustomerKey*>{b, a, nullptr});
  choice.learn("k", nullptr);
  CHECK(choice.candidates("k") == std::vector<const CustomerKey*>{nullptr, a, b});
  choice.stored("k");
  CHECK(choice.candidates("k").front() == a);
  for (int i = 0; i < 20'001; ++i) choice.learn(std::to_string(i), b);
  CHECK(choice.candidates("0").front() == a);
  CHECK(choice.candidates("20000").front() == b);
  const Encryption none;
  KeyChoice nothing(none);
  nothing.learn("k", nullptr);
  CHECK(nothing.candidates("k") == std::vector<const CustomerKey*>{nullptr});
}

}  // namespace
}  // namespace pailfs::s3
