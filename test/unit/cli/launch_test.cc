// SPDX-License-Identifier: Apache-2.0
#include "cli/run/launch.h"

#include "support/catch.h"

namespace pailfs::cli {

TEST_CASE("The environment is read up to the first null, without what has no name and value") {
  const char* const variables[] = {"A=1", "ODD", "B=", "C=x=y", nullptr};
  CHECK(read_environment(variables) == Environment{{"A", "1"}, {"B", ""}, {"C", "x=y"}});
}

TEST_CASE("A launch has no secrets and knows systemd's stream") {
  const Launch launch = describe_launch({"pailfs", "b", "/mnt", "-o", "url=https://u:p@h"},
                                        {{"JOURNAL_STREAM", "8:9"}});
  CHECK(launch.journal_stream == "8:9");
  CHECK_THAT(launch.line, Catch::Matchers::ContainsSubstring("pailfs b /mnt -o url=https://"));
  CHECK_THAT(launch.line, !Catch::Matchers::ContainsSubstring("u:p@h"));
  CHECK(describe_launch({"pailfs"}, {}).journal_stream.empty());
}

}  // namespace pailfs::cli
