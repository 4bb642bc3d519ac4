// SPDX-License-Identifier: Apache-2.0
#include "fs/format/content_type.h"

#include "support/catch.h"

using pailfs::fs::ContentTypes;

TEST_CASE("the type follows from the last suffix, then from the one before") {
  const auto table = ContentTypes::parse(
      "# comment\ntext/plain\ttxt asc\napplication/gzip gz # trailing\nimage/png "
      "png\nnothing/here\n");
  CHECK(table.type_of("a.txt") == "text/plain");
  CHECK(table.type_of("dir.png/a.asc") == "text/plain");
  CHECK(table.type_of("a.txt.unknown") == "text/plain");
  CHECK(table.type_of("a.tar.gz") == "application/gzip");
  CHECK(table.type_of("a.TXT") == "application/octet-stream");
  CHECK(table.type_of("txt") == "application/octet-stream");
  CHECK(table.type_of(".txt") == "text/plain");
  CHECK(table.type_of("") == "application/octet-stream");
  CHECK(ContentTypes::read("/nonexistent").type_of("a.txt") == "application/octet-stream");
}
