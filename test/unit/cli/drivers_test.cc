// SPDX-License-Identifier: Apache-2.0
// What drivers and kits give on their command lines, beside what users do.
#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("What drivers give without a value is as if not given") {
  const CommandLine line = parse_command_line(
      {"s3fs", "b", "/m", "-o", "url=https://h.example", "-o", "endpoint=", "-o", "region="}, {});
  CHECK(line.error.empty());
  CHECK(line.options.s3.region == "us-east-1");
  CHECK_FALSE(line.options.s3.region_given);
}

TEST_CASE("The mount table shows ossfs where that was called, else s3fs") {
  struct Row {
    const char* called;
    const char* shown;
  };
  for (const Row& row : {Row{"ossfs", "ossfs"}, Row{"/usr/bin/ossfs", "ossfs"},
                         Row{"/sbin/mount.fuse.ossfs", "ossfs"}, Row{"pailfs", "s3fs"},
                         Row{"s3fs", "s3fs"}, Row{"/opt/ossfs/s3fs", "s3fs"}}) {
    CAPTURE(row.called);
    const Options o = parse_command_line({row.called, "b", "/m"}, {}).options;
    CHECK(o.mount.fsname == row.shown);
    CHECK(o.mount.subtype == row.shown);
    CHECK(o.credentials.system_passwd_file == "/etc/passwd-" + std::string(row.shown));
    CHECK(o.credentials.home_passwd_file == "/.passwd-" + std::string(row.shown));
  }
  const Options chosen = parse_command_line({"ossfs", "b", "/m", "-o", "fsname=mine"}, {}).options;
  CHECK(chosen.mount.fsname == "mine");
  CHECK(chosen.mount.subtype == "ossfs");
}

}  // namespace
}  // namespace pailfs::cli
