// SPDX-License-Identifier: Apache-2.0
#include "cli/options/bucket_argument.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("A bucket and a path in it are read from every spelling") {
  struct Row {
    std::string text, bucket, prefix;
  };
  const std::vector<Row> rows = {
      {"b", "b", ""},
      {"b:/", "b", ""},
      {"b:/p", "b", "p/"},
      {"b:/p/", "b", "p/"},
      {"b:/p/q//", "b", "p/q/"},
      {"b://p", "", ""},
      {"s3://b", "b", ""},
      {"s3://b/", "b", ""},
      {"s3://b/p/q", "b", "p/q/"},
      {"s3:b", "b", ""},
      {"s3:b/p/q", "b", "p/q/"},
      {"s3:/p", "s3", "p/"},
      {"s3:", "", ""},
      {"s3fs#b:/p", "b", "p/"},
      {"pailfs#b", "b", ""},
      {"12345", "12345", ""},
      {"arn:aws:s3:::b", "b", ""},
      {"arn:aws-cn:s3:::b/p/q", "b", "p/q/"},
      {"arn:aws:s3:::", "", ""},
      {"b/p", "", ""},
      {"/b", "", ""},
      {"b:/with:colon", "b", "with:colon/"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const BucketArgument source = parse_bucket_argument(row.text);
    CHECK(source.bucket == row.bucket);
    CHECK(source.prefix == row.prefix);
    CHECK(source.error.empty() == !row.bucket.empty());
  }
}

}  // namespace
}  // namespace pailfs::cli
