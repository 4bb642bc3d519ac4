// SPDX-License-Identifier: Apache-2.0
// Pages of listings: what belongs to a page, and where the next one begins, on services that
// differ from S3 in both.
#include <string>
#include <vector>

#include "s3/judge.h"
#include "support/catch.h"
#include "support/fake_transport.h"

namespace pailfs::s3 {
namespace {

struct PageRow {
  const char* name;
  std::string start;
  std::string marker;
  std::vector<std::string> objects;
  std::vector<std::string> prefixes;
  std::string next;
  std::vector<std::string> objects_left;
  std::vector<std::string> prefixes_left;
};

std::string page_body(const PageRow& row) {
  std::string inner = "<IsTruncated>true</IsTruncated><NextMarker>" + row.marker + "</NextMarker>";
  for (const auto& key : row.objects) {
    inner += "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
  }
  for (const auto& prefix : row.prefixes) {
    inner += "<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>";
  }
  return "<ListBucketResult>" + inner + "</ListBucketResult>";
}

TEST_CASE("a page keeps what is its own and the next one begins where that ends") {
  const std::vector<PageRow> rows{
      {"S3", "", "c/", {"a", "b"}, {"aa/", "c/"}, "c/", {"a", "b"}, {"aa/", "c/"}},
      {"no marker", "", "", {"a", "b"}, {"aa/", "c/"}, "c/", {"a", "b"}, {"aa/", "c/"}},
      {"Ceph: a marker that is no name", "", "c%2F", {"a"}, {"c/"}, "c/", {"a"}, {"c/"}},
      {"S3Mock: prefixes that do not count",
       "",
       "b",
       {"a", "b"},
       {"aa/", "x/"},
       "b",
       {"a", "b"},
       {"aa/"}},
      {"the page after it", "b", "d", {"c", "d"}, {"bb/", "x/"}, "d", {"c", "d"}, {"bb/"}},
      {"in no order: the marker says nothing",
       "",
       "a",
       {"b", "a"},
       {"x/"},
       "x/",
       {"b", "a"},
       {"x/"}},
      {"prefixes in no order", "", "a", {"a"}, {"x/", "b/"}, "x/", {"a"}, {"x/", "b/"}},
      {"a marker that goes back", "m", "b", {"b", "n"}, {}, "n", {"b", "n"}, {}},
      {"gofakes3: the prefix of the page before", "a/", "b", {"b"}, {"a/"}, "b", {"b"}, {}},
      {"gofakes3: nothing else on the page", "a/", "a/1", {}, {"a/"}, "a/1", {}, {}},
      {"the page after it", "a/1", "a/2", {}, {"a/"}, "a/2", {}, {}},
  };
  for (const PageRow& row : rows) {
    INFO(row.name);
    Expectation asked;
    asked.op = Op::list;
    asked.start = row.start;
    asked.delimited = true;
    const Verdict verdict = judge(asked, test::reply(200, {}, page_body(row)));
    REQUIRE(verdict.ok);
    const auto& list = std::get<JudgedList>(verdict.reply);
    CHECK(list.next == row.next);
    CHECK(list.page.prefixes == row.prefixes_left);
    std::vector<std::string> keys;
    for (const auto& object : list.page.objects) keys.push_back(object.key);
    CHECK(keys == row.objects_left);
  }
}

TEST_CASE("a list of parts is one that says of which upload, whatever it is called") {
  const std::string rest = "<IsTruncated>false</IsTruncated>";
  const std::string id = "<UploadId>u</UploadId>";
  const auto is_taken = [&](const std::string& root, const std::string& inner) {
    const std::string body = "<" + root + ">" + inner + "</" + root + ">";
    Expectation asked;
    asked.op = Op::list_parts;
    return judge(asked, test::reply(200, {}, body)).ok;
  };
  CHECK(is_taken("ListPartsResult", rest));
  CHECK(is_taken("ListPartsResponse", id + rest));
  CHECK_FALSE(is_taken("ListPartsResponse", rest));
  CHECK_FALSE(is_taken("ListPartsResponse", id));
  CHECK_FALSE(is_taken("Error", id + rest));
}

}  // namespace
}  // namespace pailfs::s3
