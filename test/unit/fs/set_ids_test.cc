// SPDX-License-Identifier: Apache-2.0
#include "fs/posix/set_ids.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

TEST_CASE("a write takes set-id bits away as on a local file system") {
  const auto in_2001 = [](gid_t group) { return group == 2001; };
  struct Row {
    mode_t mode;
    Caller caller;
    mode_t after;
  };
  const std::vector<Row> rows = {
      {S_IFREG | 0644, {1, 1}, S_IFREG | 0644},
      {S_IFREG | 06777, {0, 0}, S_IFREG | 06777},
      {S_IFREG | 04644, {1, 1}, S_IFREG | 0644},
      {S_IFREG | 06755, {1, 1}, S_IFREG | 0755},
      {S_IFREG | 06755, {1, 2001}, S_IFREG | 0755},
      {S_IFREG | 02644, {1, 1}, S_IFREG | 0644},
      {S_IFREG | 02644, {1, 2001}, S_IFREG | 02644},
      {S_IFREG | 02644, {1, 1, 0, in_2001}, S_IFREG | 02644},
      {S_IFREG | 07644, {1, 1}, S_IFREG | 01644},
      {S_IFDIR | 06777, {1, 1}, S_IFDIR | 06777},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mode, row.caller.uid, row.caller.gid);
    CHECK(mode_after_write(row.mode, 2001, row.caller) == row.after);
  }
}
