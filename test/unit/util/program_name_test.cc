// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/program_name.h"

#include <map>
#include <string>

#include "support/catch.h"

namespace pailfs {
namespace {

TEST_CASE("messages begin with the name that the program was called by") {
  const std::map<std::string, std::string> rows = {
      {"s3fs", "s3fs"},
      {"/usr/bin/s3fs", "s3fs"},
      {"../bin/pailfs", "pailfs"},
      {"mount.pailfs", "pailfs"},
      {"/sbin/mount.fuse.s3fs", "s3fs"},
      {"fuse.s3fs", "s3fs"},
      {"a\nb", "a\\x0ab"},
      {"", "pailfs"},
      {"/usr/bin/", "pailfs"},
      {"mount.", "pailfs"},
  };
  for (const auto& [called, name] : rows) {
    CAPTURE(called);
    CHECK(program_name(called) == name);
  }
  CHECK(program_name() == "util_test");
}

}  // namespace
}  // namespace pailfs
