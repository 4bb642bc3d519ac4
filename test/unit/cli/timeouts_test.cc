// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {

using std::chrono::seconds;

TEST_CASE("each limit follows from what was given", "[options]") {
  struct Row {
    const char* given;
    int stall, work, operation;
  };
  const std::vector<Row> rows = {
      {"noua", 30, 120, 120},
      {"readwrite_timeout=3", 3, 3, 120},
      {"readwrite_timeout=0", 30, 120, 120},
      {"readwrite_timeout=30", 30, 30, 120},
      {"readwrite_timeout=300", 300, 300, 300},
      {"operation_timeout=10", 30, 120, 10},
      {"operation_timeout=10,readwrite_timeout=300", 300, 300, 10},
      {"readwrite_timeout=300,operation_timeout=600", 300, 300, 600},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    const CommandLine line = parse_command_line({"pailfs", "bucket", "/mnt", "-o", row.given}, {});
    REQUIRE(line.error.empty());
    CHECK(line.options.s3.stall_limit == seconds(row.stall));
    CHECK(line.options.s3.work_limit == seconds(row.work));
    CHECK(line.options.s3.operation_limit == seconds(row.operation));
    CHECK(line.options.mount.tell_after == seconds(row.operation));
    CHECK(line.options.umount_timeout == seconds(8));
  }
  const CommandLine line =
      parse_command_line({"pailfs", "bucket", "/mnt", "-o", "umount_timeout=60"}, {});
  CHECK(line.options.umount_timeout == seconds(60));
}

}  // namespace pailfs::cli
