// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/log.h"

#include <unistd.h>

#include <vector>

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

namespace {

/// Puts the log back as other tests expect it.
struct Restore {
  ~Restore() {
    log::set_sink(log::stream_sink(STDERR_FILENO, {}));
    log::set_level(LogLevel::critical);
  }
};

}  // namespace

TEST_CASE("a level lets through what is as grave or graver", "[util]") {
  const Restore restore;
  std::vector<std::string> lines;
  log::set_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  log::set_level(LogLevel::warning);
  int built = 0;
  const auto make = [&] {
    ++built;
    return std::string("text");
  };
  log_critical("c");
  log_error("e");
  log_warning("w");
  log_info(make);
  log_debug(make);
  CHECK(lines == std::vector<std::string>{"[CRT] c", "[ERR] e", "[WAN] w"});
  CHECK(built == 0);
  log::set_level(LogLevel::debug);
  log_info(make);
  log_debug(make);
  CHECK(built == 2);
  CHECK(lines.back() == "[DBG] text");
}

TEST_CASE("foreign text cannot forge a log line", "[util]") {
  const Restore restore;
  std::vector<std::string> lines;
  log::set_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  log_critical("key x\n2026-11-22T03:17:29.654Z [ERR] forged\r");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "[CRT] key x\\x0a2026-11-22T03:17:29.654Z [ERR] forged\\x0d");
}

TEST_CASE("an announcement is written at any level and an error carries its request id", "[util]") {
  const Restore restore;
  std::vector<std::string> lines;
  log::set_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  log::announce("pailfs begins");
  log_info([] { return std::string("not shown"); });
  log::set_level(LogLevel::error);
  Error error{EIO, "store a: HTTP 500"};
  log_error(error);
  error.request_id = "R1\n";
  log_error(error);
  CHECK(lines == std::vector<std::string>{"[INF] pailfs begins", "[ERR] store a: HTTP 500",
                                          "[ERR] store a: HTTP 500 (request R1\\x0a)"});
}
