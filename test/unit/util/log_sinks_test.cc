// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

namespace {

/// Puts the log back as other tests expect it.
struct Restore {
  ~Restore() { log::set_sink(log::stream_sink(STDERR_FILENO, {})); }
};

const WallTime kMoment = *parse_iso8601("2026-11-22T03:17:29.654Z");

}  // namespace

TEST_CASE("a record becomes a line in each of the forms", "[util]") {
  struct Row {
    log::Form form;
    LogLevel level;
    std::string request_id;
    std::string line;
  };
  const std::vector<Row> rows = {
      {log::Form::plain, LogLevel::error, "", "[ERR] say \"no\""},
      {log::Form::plain, LogLevel::warning, "R7", "[WAN] say \"no\" (request R7)"},
      {log::Form::stamped, LogLevel::info, "", "2026-11-22T03:17:29.654Z [INF] say \"no\""},
      {log::Form::journal, LogLevel::error, "R7", "<3>say \"no\" (request R7)"},
      {log::Form::journal, LogLevel::critical, "", "<2>say \"no\""},
      {log::Form::json, LogLevel::debug, "",
       R"({"time":"2026-11-22T03:17:29.654Z","level":"debug","mount":"/m","message":"say \"no\""})"},
      {log::Form::json, LogLevel::error, "R7",
       R"({"time":"2026-11-22T03:17:29.654Z","level":"error","mount":"/m","message":"say \"no\"",)"
       R"("request_id":"R7"})"},
  };
  for (const Row& row : rows) {
    const log::Record record{row.level, kMoment, "say \"no\"", row.request_id};
    CHECK(log::format_record(record, {row.form, "/m"}) == row.line);
  }
}

TEST_CASE("errors that repeat themselves are counted instead of written", "[util]") {
  std::vector<std::string> lines;
  WallTime now = kMoment;
  log::RecordSink sink = log::collapse_repeats([&](const log::Record& record) {
    lines.push_back(log::format_record(record, {log::Form::plain, {}}));
  });
  const auto say = [&](LogLevel level, const std::string& text, const std::string& id = "") {
    sink({level, now, text, id});
  };
  say(LogLevel::error, "a", "R1");
  say(LogLevel::error, "a", "R2");
  say(LogLevel::error, "a", "R3");
  say(LogLevel::error, "b");
  CHECK(lines == std::vector<std::string>{"[ERR] a (request R1)",
                                          "[ERR] last message repeated 2 times", "[ERR] b"});
  lines.clear();
  say(LogLevel::critical, "b");
  say(LogLevel::info, "c");
  say(LogLevel::info, "c");
  CHECK(lines == std::vector<std::string>{"[CRT] b", "[INF] c", "[INF] c"});

  lines.clear();
  say(LogLevel::warning, "w");
  for (int i = 0; i < 40; ++i) {
    now += std::chrono::seconds(1);
    say(LogLevel::warning, "w");
  }
  CHECK(lines == std::vector<std::string>{"[WAN] w", "[WAN] last message repeated 30 times"});
  sink = nullptr;
  CHECK(lines.size() == 3);
  CHECK(lines.back() == "[WAN] last message repeated 10 times");
}

TEST_CASE("a stream gets stamped whole lines from many threads", "[util]") {
  const Restore restore;
  std::string path = "/tmp/pailfs-log-XXXXXX";
  const UniqueFd fd(mkstemp(path.data()));
  log::set_sink(log::stream_sink(fd.get(), {}));
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
  log::set_sink(log::file_sink(path, {log::Form::plain, {}}, 0600));
  log_critical("one");
  std::filesystem::rename(path, path + ".1");
  log_critical("two");
  log::reopen();
  log_critical("three");
  CHECK(*read_file(path + ".1", 100) == "[CRT] one\n[CRT] two\n");
  CHECK(*read_file(path, 100) == "[CRT] three\n");
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0600));
  log::set_sink(log::RecordSink());
  log_critical("a log without a sink swallows its lines");
  std::filesystem::remove_all(dir);
}

TEST_CASE("nobody waits for a reader of the log who does not read", "[util]") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  const log::RecordSink sink = log::stream_sink(writing.get(), {log::Form::plain, {}});
  const log::Record record{LogLevel::error, kMoment, std::string(10'000, 'x'), {}};
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) sink(record);  // a pipe holds 64 KiB
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  std::vector<char> all(1 << 20);
  CHECK(::read(reading.get(), all.data(), all.size()) > 10'000);
  sink({LogLevel::error, kMoment, "again", {}});
  const ssize_t n = ::read(reading.get(), all.data(), all.size());
  CHECK(std::string(all.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
            .ends_with("[ERR] again\n"));
}

TEST_CASE("a pipe without a reader is no log file", "[util]") {
  std::string directory = "/tmp/pailfs-log-XXXXXX";
  REQUIRE(mkdtemp(directory.data()) != nullptr);
  REQUIRE(::mkfifo((directory + "/fifo").c_str(), 0600) == 0);
  const auto opened = log::open_file(directory + "/fifo", 0640);
  CHECK((!opened && opened.error().err == ENXIO));
  std::filesystem::remove_all(directory);
}

TEST_CASE("what others have put into a shared directory is no log file", "[util]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can make what belongs to another user");
    return;
  }
  struct Row {
    mode_t directory;
    bool link;
    uid_t owner;
    bool accepted;
  };
  const Row rows[] = {{01777, true, 65534, false}, {01777, false, 65534, false},
                      {01777, true, 0, true},      {01777, false, 0, true},
                      {0755, true, 65534, true},   {0755, false, 65534, true},
                      {01755, true, 65534, true}};
  for (const Row& row : rows) {
    CAPTURE(row.directory, row.link, row.owner);
    std::string directory = "/tmp/pailfs-log-XXXXXX";
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    const std::string target = directory + "/target";
    const std::string name = directory + "/log";
    REQUIRE(UniqueFd(::open(target.c_str(), O_WRONLY | O_CREAT, 0600)));
    if (row.link) REQUIRE(::symlink(target.c_str(), name.c_str()) == 0);
    if (!row.link) REQUIRE(UniqueFd(::open(name.c_str(), O_WRONLY | O_CREAT, 0600)));
    REQUIRE(::lchown(name.c_str(), row.owner, row.owner) == 0);
    REQUIRE(::chmod(directory.c_str(), row.directory) == 0);
    const auto opened = log::open_file(name, 0640);
    CHECK(opened.has_value() == row.accepted);
    if (!opened) CHECK(opened.error().err == EACCES);
    std::filesystem::remove_all(directory);
  }
}
