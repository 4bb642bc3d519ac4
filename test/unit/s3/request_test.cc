// SPDX-License-Identifier: Apache-2.0
#include "s3/request.h"

#include <string>
#include <vector>

#include "pailfs/util/text.h"

#include "s3/body_digest.h"
#include "s3/request_pieces.h"
#include "s3/site.h"
#include "support/catch.h"

namespace pailfs::s3 {
namespace {

Config config_for(const std::string& url, bool path_style) {
  Config config;
  config.url = url;
  config.bucket = "my-bucket";
  config.path_style = path_style;
  return config;
}

struct OddKey {
  std::string key;
  std::string encoded;  ///< written out by hand, not by the function under test
};

std::vector<OddKey> odd_keys() {
  std::vector<OddKey> keys{
      {"plain.txt", "plain.txt"},
      {"a b", "a%20b"},
      {"a+b", "a%2Bb"},
      {"100%", "100%25"},
      {"%2F", "%252F"},
      {"a#b", "a%23b"},
      {"what?", "what%3F"},
      {"a&b=c", "a%26b%3Dc"},
      {"it's \"q\"", "it%27s%20%22q%22"},
      {"line\nend\r", "line%0Aend%0D"},
      {"\x01", "%01"},
      {"\x7f", "%7F"},
      {"ü", "%C3%BC"},
      {"\xF0\x9F\xAA\xA3", "%F0%9F%AA%A3"},
      {"dot.", "dot."},
      {"blank ", "blank%20"},
      {"a//b", "a//b"},
      {"/lead", "/lead"},
      {"../up/./x", "../up/./x"},
      {"~-._!*()", "~-._%21%2A%28%29"},
      {"\xff\xfe", "%FF%FE"},
      {"a:b@c;d,e", "a%3Ab%40c%3Bd%2Ce"},
      {"back\\slash", "back%5Cslash"},
      {"<&>", "%3C%26%3E"},
  };
  keys.push_back({std::string(1024, 'k'), std::string(1024, 'k')});
  keys.push_back({std::string(512, ' ') + std::string(512, '+'), ""});
  for (int i = 0; i < 512; ++i) keys.back().encoded += "%20";
  for (int i = 0; i < 512; ++i) keys.back().encoded += "%2B";
  return keys;
}

struct Style {
  std::string name;
  bool path_style;
  std::string url;
  std::string base;  ///< what stands before the key
};

const std::vector<Style>& styles() {
  static const std::vector<Style> kStyles{
      {"path", true, "http://127.0.0.1:9000", "http://127.0.0.1:9000/my-bucket/"},
      {"virtual", false, "https://s3.example.com", "https://my-bucket.s3.example.com/"},
      {"virtual with port", false, "https://s3.example.com:8443",
       "https://my-bucket.s3.example.com:8443/"}};
  return kStyles;
}

std::string header(const Built& built, std::string_view name) {
  return std::string(built.request.headers.find(name).value_or("(none)"));
}

TEST_CASE("the digest of a body is that of its bytes") {
  MemorySource body("abc");
  const Result<std::string> streamed = digest(Digest::md5, body);
  REQUIRE(streamed);
  CHECK(*streamed == digest(Digest::md5, "abc"));
}

TEST_CASE("every odd key is encoded byte by byte in every verb and style") {
  for (const Style& style : styles()) {
    const Site site = make_site(config_for(style.url, style.path_style), "us-east-1");
    for (const OddKey& row : odd_keys()) {
      INFO(style.name << ": " << printable(row.key));
      const std::string url = style.base + row.encoded;
      const UploadId id{"u+/="};
      CHECK(build_get(site, {row.key, {}, {}})->request.url == url);
      CHECK(build_head(site, row.key)->request.url == url);
      CHECK(build_put(site, {row.key, {}})->request.url == url);
      CHECK(build_remove(site, row.key)->request.url == url);
      CHECK(build_create_upload(site, row.key, {})->request.url == url + "?uploads");
      CHECK(build_upload_part(site, row.key, id, 7)->request.url ==
            url + "?partNumber=7&uploadId=u%2B%2F%3D");
      CHECK(build_complete_upload(site, row.key, id, {{1, {"\"e\""}, 1}})->request.url ==
            url + "?uploadId=u%2B%2F%3D");
      CHECK(build_abort_upload(site, row.key, id)->request.url == url + "?uploadId=u%2B%2F%3D");
      CHECK(build_list_parts(site, row.key, id, "")->request.url ==
            url + "?max-parts=1000&uploadId=u%2B%2F%3D");

      const Result<Built> copy = build_copy(site, {row.key, "to", {}, {}});
      REQUIRE(copy);
      CHECK(copy->request.url == style.base + "to");
      CHECK(header(*copy, "x-amz-copy-source") == "/my-bucket/" + row.encoded);
      CHECK(build_copy(site, {"from", row.key, {}, {}})->request.url == url);
      const Result<Built> part = build_copy_part(site, {"to", id, 2, row.key, {}, {0, 10}});
      REQUIRE(part);
      CHECK(header(*part, "x-amz-copy-source") == "/my-bucket/" + row.encoded);

      // In a query '/' is encoded as well.
      ListRequest list;
      list.prefix = row.key;
      CHECK_THAT(build_list(site, list, "", false).request.url,
                 Catch::Matchers::EndsWith("&prefix=" + percent_encode(row.key, false)));
    }
  }
}

TEST_CASE("keys that can never be stored are refused before anything is sent") {
  const Site site = make_site(config_for("https://h", true), "us-east-1");
  CHECK(build_get(site, {std::string(1025, 'k'), {}, {}}).error().err == ENAMETOOLONG);
  CHECK(build_head(site, "").error().err == EINVAL);
  CHECK(build_remove(site, std::string("a\0b", 3)).error().err == EINVAL);
  CHECK(build_copy(site, {"", "b", {}, {}}).error().err == EINVAL);
  CHECK(build_copy(site, {"a", std::string(1025, 'k'), {}, {}}).error().err == ENAMETOOLONG);
}

TEST_CASE("the listing of either version asks for encoded names, parameters in order") {
  Config config = config_for("https://s3.example.com", false);
  ListRequest list;
  list.prefix = "a/b c/";
  list.max_keys = 7;
  CHECK(build_list(make_site(config, "r"), list, "a/b c/d&", false).request.url ==
        "https://my-bucket.s3.example.com/"
        "?delimiter=%2F&encoding-type=url&marker=a%2Fb%20c%2Fd%26&max-keys=7&prefix=a%2Fb%20c%2F");
  config.list_v2 = true;
  list.delimited = false;
  list.prefix.clear();
  CHECK(build_list(make_site(config, "r"), list, "t/=", true).request.url ==
        "https://my-bucket.s3.example.com/"
        "?continuation-token=t%2F%3D&encoding-type=url&list-type=2&max-keys=7&prefix=");
}

TEST_CASE("range and version of a read stand in its headers") {
  const Site site = make_site(config_for("https://h", true), "r");
  const Result<Built> get = build_get(site, {"k", ByteRange{5, 10}, {"\"v1\""}});
  REQUIRE(get);
  CHECK(header(*get, "Range") == "bytes=5-14");
  CHECK(header(*get, "If-Match") == "\"v1\"");
  CHECK(build_get(site, {"k", ByteRange{5, 0}, {}}).error().err == EINVAL);
  CHECK(build_get(site, {"k", {}, {}})->request.headers.all().empty());
}

TEST_CASE("what is stored with an object stands in the headers of its creation") {
  Config config = config_for("https://h", true);
  config.acl = "public-read";
  config.storage_class = "standard_ia";
  config.requester_pays = true;
  const Site site = make_site(config, "r");
  ObjectAttributes attributes;
  attributes.content_type = "text/plain";
  attributes.metadata = {{"mode", "33188"}, {"xattr", "%7B%22a%22%7D ü"}};
  attributes.standard = {{"Cache-Control", "no-cache"}};
  const Result<Built> put =
      build_put(site, {"k", attributes, {.version = {"\"v\""}}}, {"bWQ1", {}, false});
  const Result<Built> create = build_create_upload(site, "k", attributes);
  const Result<Built> copy = build_copy(site, {"a", "k", {"\"s\""}, attributes});
  for (const Result<Built>* built : {&put, &create, &copy}) {
    REQUIRE(*built);
    CHECK(header(**built, "Content-Type") == "text/plain");
    CHECK(header(**built, "x-amz-meta-mode") == "33188");
    CHECK(header(**built, "x-amz-meta-xattr") == "%7B%22a%22%7D ü");
    CHECK(header(**built, "Cache-Control") == "no-cache");
    CHECK(header(**built, "x-amz-acl") == "public-read");
    CHECK(header(**built, "x-amz-storage-class") == "STANDARD_IA");
    CHECK(header(**built, "x-amz-request-payer") == "requester");
  }
  CHECK(header(*put, "If-Match") == "\"v\"");
  CHECK(header(*put, "Content-MD5") == "bWQ1");
  CHECK(header(*copy, "x-amz-metadata-directive") == "REPLACE");
  CHECK(header(*copy, "x-amz-copy-source-if-match") == "\"s\"");
  CHECK(header(*build_put(site, {"k", {}, {.absent = true}}), "If-None-Match") == "*");
  CHECK(header(*copy, "If-Match") == "(none)");
  CHECK(header(*copy, "If-None-Match") == "(none)");
  CopyRequest onto{"a", "k", {"\"s\""}, {}};
  onto.condition.version = {"\"t\""};
  CHECK(header(*build_copy(site, onto), "If-Match") == "\"t\"");
  onto.condition.version = {};
  onto.condition.absent = true;
  CHECK(header(*build_copy(site, onto), "If-None-Match") == "*");
  CHECK(header(*build_get(site, {"k", {}, {}}), "x-amz-request-payer") == "requester");
}

TEST_CASE("defaults for access and storage class are not sent") {
  const Result<Built> put = build_put(make_site(config_for("https://h", true), "r"), {"k", {}});
  CHECK(put->request.headers.all().empty());
  const Result<Built> copy =
      build_copy(make_site(config_for("https://h", true), "r"), {"a", "b", {}, {}});
  CHECK(header(*copy, "x-amz-metadata-directive") == "COPY");
  CHECK(copy->body == "");
}

TEST_CASE("metadata cannot smuggle a header") {
  const Site site = make_site(config_for("https://h", true), "r");
  const std::vector<std::pair<std::string, std::string>> bad{{"a", "x\r\nX-Evil: 1"},
                                                             {"a", "x\ny"},
                                                             {"a", std::string("x\0y", 3)},
                                                             {"a\nb", "x"},
                                                             {"a b", "x"},
                                                             {"a:b", "x"},
                                                             {std::string("a\0", 2), "x"},
                                                             {"a\r", "x"}};
  for (const auto& row : bad) {
    INFO(printable(row.first) << " = " << printable(row.second));
    ObjectAttributes attributes;
    attributes.metadata = {row};
    CHECK(build_put(site, {"k", attributes}).error().err == EINVAL);
    CHECK(build_copy(site, {"a", "k", {}, attributes}).error().err == EINVAL);
    CHECK(build_create_upload(site, "k", attributes).error().err == EINVAL);
  }
  ObjectAttributes type;
  type.content_type = "text/plain\r\nX: y";
  CHECK(build_put(site, {"k", type}).error().err == EINVAL);
}

TEST_CASE("a batch of deletes carries its digest and escaped keys") {
  const Site site = make_site(config_for("https://h", true), "r");
  const Result<Built> batch = build_remove_many(site, {"a&b<c>", "\"q\"\n", "ü", "tab\there"});
  REQUIRE(batch);
  CHECK(batch->request.url == "https://h/my-bucket/?delete");
  CHECK(batch->request.method == http::Method::post);
  REQUIRE(batch->body);
  CHECK(header(*batch, "Content-MD5") == base64(digest(Digest::md5, *batch->body)));
  CHECK_THAT(*batch->body,
             Catch::Matchers::ContainsSubstring("<Object><Key>a&amp;b&lt;c&gt;</Key></Object>"
                                                "<Object><Key>&quot;q&quot;&#x0a;</Key></Object>"
                                                "<Object><Key>ü</Key></Object>"
                                                "<Object><Key>tab&#x09;here</Key></Object>"));
  CHECK_FALSE(build_remove_many(site, std::vector<Removal>(1001, "k")));
  CHECK_FALSE(build_remove_many(site, {}));
}

TEST_CASE("XML knows what it cannot hold") {
  for (const char* good : {"a", "\t\n\r", "ü", "\xF0\x9F\xAA\xA3", "\xEF\xBF\xBD"})
    CHECK(xml_can_hold(good));
  for (const char* bad : {"\x01", "a\x1f", "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80",
                          "\xef\xbf\xbe", "\xf4\x90\x80\x80", "\xe0\x80\x80"})
    CHECK_FALSE(xml_can_hold(bad));
}

TEST_CASE("an upload is completed with its parts in order") {
  const Site site = make_site(config_for("https://h", true), "r");
  const Result<Built> complete =
      build_complete_upload(site, "k", {"id"}, {{1, {"\"e1\""}, 5}, {3, {"\"e3\""}, 5}});
  REQUIRE(complete);
  CHECK_THAT(*complete->body,
             Catch::Matchers::ContainsSubstring(
                 "<Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part>"
                 "<Part><PartNumber>3</PartNumber><ETag>&quot;e3&quot;</ETag></Part>"));
  CHECK_FALSE(build_complete_upload(site, "k", {"id"}, {}));
  CHECK_FALSE(build_complete_upload(site, "k", {"id"}, {{2, {"\"a\""}, 1}, {1, {"\"b\""}, 1}}));
  CHECK_FALSE(build_complete_upload(site, "k", {}, {{1, {"\"a\""}, 1}}));
  CHECK_FALSE(build_upload_part(site, "k", {"id"}, 0));
  CHECK_FALSE(build_upload_part(site, "k", {"id"}, 10001));
  CHECK(complete->request.stall_limit >= std::chrono::seconds(120));
}

TEST_CASE("a part copy names source, range and version") {
  const Site site = make_site(config_for("https://h", true), "r");
  const Result<Built> part =
      build_copy_part(site, {"to", {"id"}, 2, "from", {"\"v\""}, {5'000'000, 100}});
  REQUIRE(part);
  CHECK(part->request.url == "https://h/my-bucket/to?partNumber=2&uploadId=id");
  CHECK(header(*part, "x-amz-copy-source-range") == "bytes=5000000-5000099");
  CHECK(header(*part, "x-amz-copy-source-if-match") == "\"v\"");
}

TEST_CASE("uploads in progress are listed from where the last page ended") {
  const Site site = make_site(config_for("https://h", true), "r");
  UploadPage after;
  CHECK(build_list_uploads(site, "p/", after).request.url ==
        "https://h/my-bucket/?encoding-type=url&max-uploads=1000&prefix=p%2F&uploads");
  after.next_key = "k&";
  after.next_upload_id = "u=";
  CHECK(build_list_uploads(site, "", after).request.url ==
        "https://h/my-bucket/?encoding-type=url&key-marker=k%26&max-uploads=1000&prefix="
        "&upload-id-marker=u%3D&uploads");
}

}  // namespace
}  // namespace pailfs::s3
