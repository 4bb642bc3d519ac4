// SPDX-License-Identifier: Apache-2.0
#include "cli/run/preparation.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

Options mountable() {
  Options options;
  options.s3.bucket = "pail";
  options.mount.mountpoint = "/mnt/pail";
  return options;
}

}  // namespace

TEST_CASE("What can be refused without the network has the status of its kind") {
  struct Row {
    void (*spoil)(Options&);
    Exit exit;
  };
  const Row rows[] = {
      {[](Options& o) { o.s3.url = "ftp://example.com"; }, Exit::usage},
      {[](Options& o) { o.s3.bucket = "No_Bucket"; }, Exit::usage},
      {[](Options& o) { o.fs.temporary_directory = "/no/such/directory"; }, Exit::local},
      {[](Options& o) { o.cache_directory = "/dev/null"; }, Exit::local},
      {[](Options& o) { o.header_file = "/no/such/file"; }, Exit::local},
  };
  for (const Row& row : rows) {
    Options options = mountable();
    row.spoil(options);
    std::vector<std::string> warnings;
    const auto refused = check_without_network(options, warnings);
    REQUIRE(refused);
    CAPTURE(refused->error.text);
    CHECK(refused->exit == row.exit);
  }
  Options options = mountable();
  std::vector<std::string> warnings;
  CHECK_FALSE(check_without_network(options, warnings));
  CHECK(warnings.empty());
}

TEST_CASE("The machine fills in what was not given, and leaves what was") {
  Options options = mountable();
  options.s3.region = "eu-west-1";
  settle_by_machine(options);
  CHECK(options.credentials.mountpoint == "/mnt/pail");
  CHECK(options.credentials.region == "eu-west-1");
  CHECK(options.fs.default_uid == geteuid());
  CHECK(options.fs.default_gid == getegid());
  CHECK(options.fs.memory_limit > 0);
  options.fs.memory_limit = 12345;
  settle_by_machine(options);
  CHECK(options.fs.memory_limit == 12345);
}

}  // namespace pailfs::cli
