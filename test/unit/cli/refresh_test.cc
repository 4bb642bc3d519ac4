// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/refresh.h"

#include "support/catch.h"

namespace pailfs::cli {
namespace {

std::vector<mount::MountRecord> mounts(const std::vector<std::string>& paths) {
  std::vector<mount::MountRecord> records;
  for (const std::string& path : paths) records.emplace_back().mountpoint = path;
  return records;
}

}  // namespace

TEST_CASE("A path is in the innermost mount that it is below") {
  const auto all = mounts({"/mnt", "/mnt/inner", "/mnt2"});
  struct Row {
    const char* path;
    const char* mountpoint;
    const char* rest;
  };
  for (const Row& row : std::vector<Row>{{"/mnt", "/mnt", ""},
                                         {"/mnt/a/b", "/mnt", "a/b"},
                                         {"/mnt/inner", "/mnt/inner", ""},
                                         {"/mnt/inner/x", "/mnt/inner", "x"},
                                         {"/mnt/inner2/x", "/mnt", "inner2/x"},
                                         {"/mnt2/x", "/mnt2", "x"}}) {
    CAPTURE(row.path);
    const auto place = place_in(all, row.path);
    REQUIRE(place);
    CHECK(place->mountpoint == row.mountpoint);
    CHECK(place->path == row.rest);
  }
  for (const char* path : {"/", "/mn", "/mnt3", "/other/mnt", ""}) {
    CAPTURE(path);
    CHECK_FALSE(place_in(all, path));
  }
  CHECK_FALSE(place_in({}, "/mnt"));
  CHECK(place_in(mounts({"/"}), "/a")->path == "a");
}

}  // namespace pailfs::cli
