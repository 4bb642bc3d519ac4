// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "session_arguments.h"
#include "signal_watch.h"
#include "support/catch.h"

namespace pailfs::mount {
namespace {

std::vector<std::string> options(const Config& config, bool root = true) {
  const std::vector<std::string> arguments = session_arguments(config, root);
  std::vector<std::string> result;
  for (std::size_t i = 1; i + 1 < arguments.size(); i += 2) {
    if (arguments[i] != "-o") return {"not an option: " + arguments[i]};
    result.push_back(arguments[i + 1]);
  }
  return result;
}

}  // namespace

TEST_CASE("libfuse always gets default_permissions, the source and the type",
          "[mount][arguments]") {
  CHECK(options(Config{}) ==
        std::vector<std::string>{"default_permissions", "fsname=s3fs", "subtype=s3fs"});
}

TEST_CASE("mount options reach libfuse as far as it knows them", "[mount][arguments]") {
  struct Row {
    std::vector<std::string> given;
    bool root;
    std::vector<std::string> expected;  ///< between default_permissions and fsname
  };
  const std::vector<Row> rows = {
      {{"allow_other", "ro", "noexec"}, false, {"allow_other", "ro", "noexec"}},
      {{"dev", "suid"}, true, {"dev", "suid"}},
      {{"dev", "suid"}, false, {}},
      {{"nodev", "nosuid"}, false, {"nodev", "nosuid"}},
      {{"defaults", "relatime", "nonempty", "default_permissions", ""}, true, {}},
      {{"context=a,b"}, true, {"context=a\\,b"}},
      {{"context=a\\b"}, true, {"context=a\\\\b"}},
  };
  for (const Row& row : rows) {
    Config config;
    config.kernel_options = row.given;
    std::vector<std::string> expected = {"default_permissions"};
    expected.insert(expected.end(), row.expected.begin(), row.expected.end());
    expected.insert(expected.end(), {"fsname=s3fs", "subtype=s3fs"});
    CHECK(options(config, row.root) == expected);
  }
}

TEST_CASE("source and type from the option list win and appear once", "[mount][arguments]") {
  Config config;
  config.subtype = "pailfs";
  config.kernel_options = {"fsname=a,b", "fsname=bucket", "subtype=x"};
  config.debug = true;
  CHECK(options(config) ==
        std::vector<std::string>{"default_permissions", "fsname=bucket", "subtype=x", "debug"});
}

TEST_CASE("SIGUSR2 goes through all five levels and back", "[mount][signals]") {
  LogLevel level = LogLevel::critical;
  std::string tags;
  for (int i = 0; i < 5; ++i) {
    tags += level_tag(level);
    level = next_level(level);
  }
  CHECK(tags == "CRTERRWANINFDBG");
  CHECK(level == LogLevel::critical);
}

}  // namespace pailfs::mount
