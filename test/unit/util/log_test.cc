// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "pailfs/util/file.h"

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

namespace {

/// Puts the log back as other tests expect it.
struct Restore {
  ~Restore() {
    log::set_sink(log::stream_sink(STDERR_FILENO, true));
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

TEST_CASE("a stream gets stamped whole lines from many threads", "[util]") {
  const Restore restore;
  std::string path = "/tmp/pailfs-log-XXXXXX";
  const UniqueFd fd(mkstemp(path.data()));
  log::set_sink(log::stream_sink(fd.get(), true));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) log_critical("line");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto text = read_file(path, 1 << 20);
  unlink(path.c_str());
  REQUIRE(text);
  constexpr std::string_view kLine = "2026-11-22T03:17:29.654Z [CRT] line\n";
  REQUIRE(text->size() == 400 * kLine.size());
  int good = 0;
  for (std::size_t at = 0; at < text->size(); at += kLine.size()) {
    const std::string line = text->substr(at, kLine.size());
    if (line[4] == '-' && line[10] == 'T' && line[19] == '.' && line.ends_with("Z [CRT] line\n")) {
      ++good;
    }
  }
  CHECK(good == 400);
}

TEST_CASE("a log file is opened again after rotation", "[util]") {
  const Restore restore;
  std::string dir = "/tmp/pailfs-log-XXXXXX";
  REQUIRE(mkdtemp(dir.data()) != nullptr);
  const std::string path = dir + "/log";
  log::set_sink(log::file_sink(path, false));
  log_critical("one");
  std::filesystem::rename(path, path + ".1");
  log_critical("two");
  log::reopen();
  log_critical("three");
  CHECK(*read_file(path + ".1", 100) == "[CRT] one\n[CRT] two\n");
  CHECK(*read_file(path, 100) == "[CRT] three\n");
  log::set_sink(nullptr);
  log_critical("a log without a sink swallows its lines");
  std::filesystem::remove_all(dir);
}
