// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/util/log.h"

#include "fake_kernel.h"
#include "fuse/fuse_reply.h"
#include "support/catch.h"

namespace pailfs::fuse {
namespace {

using test::Answer;
using test::FakeKernel;

/// Catches log lines for the time of a test.
class Lines final {
 public:
  Lines() {
    log::set_level(LogLevel::info);
    log::set_sink([this](LogLevel level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(level, line);
    });
  }
  ~Lines() {
    log::set_sink(log::stream_sink(2, {}));
    log::set_level(LogLevel::critical);
  }
  std::vector<std::pair<LogLevel, std::string>> all() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

/// A libfuse session with the given verbs, served on a thread.
class TinySession final {
 public:
  explicit TinySession(const fuse_lowlevel_ops& table) {
    char name[] = "test";
    char* words[] = {name, nullptr};
    fuse_args arguments{};
    arguments.argc = 1;
    arguments.argv = words;
    session_ = fuse_session_new(&arguments, &table, sizeof(table), nullptr);
    fuse_opt_free_args(&arguments);
    fuse_session_mount(session_, kernel.mountpoint().c_str());
    thread_ = std::thread([this] { fuse_session_loop(session_); });
    kernel.init();
  }
  ~TinySession() {
    kernel.close();
    thread_.join();
    fuse_session_destroy(session_);
  }
  TinySession(const TinySession&) = delete;
  TinySession& operator=(const TinySession&) = delete;

  FakeKernel kernel;

 private:
  fuse_session* session_ = nullptr;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a request that nobody answered is answered with EIO", "[mount][reply]") {
  Lines lines;
  fuse_lowlevel_ops table{};
  table.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    const Reply reply(request, "lookup", parent, name);
  };
  TinySession session(table);
  CHECK(session.kernel.lookup(1, "x").err == EIO);
  CHECK_FALSE(session.kernel.receive(50).has_value());
  REQUIRE(lines.all().size() == 1);
  CHECK(lines.all()[0].first == LogLevel::error);
}

TEST_CASE("a second answer to a request is not sent", "[mount][reply]") {
  Lines lines;
  fuse_lowlevel_ops table{};
  table.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    Reply reply(request, "lookup", parent, name);
    reply.fail(Error(ENOENT, "first"));
    reply.fail(Error(EACCES, "second"));
    reply.done();
  };
  TinySession session(table);
  CHECK(session.kernel.lookup(1, "x").err == ENOENT);
  CHECK_FALSE(session.kernel.receive(50).has_value());
}

TEST_CASE("an answer may come from another thread after the verb has returned", "[mount][reply]") {
  static std::promise<std::thread> other;  // the verb is a plain function
  fuse_lowlevel_ops table{};
  table.getattr = [](fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
    auto reply = std::make_unique<Reply>(request, Verb("getattr"), ino);
    other.set_value(std::thread([reply = std::move(reply)] { reply->fail(Error(EPERM, "")); }));
  };
  TinySession session(table);
  CHECK(session.kernel.getattr(1).err == EPERM);
  other.get_future().get().join();  // before the session goes
}

TEST_CASE("errnos that the kernel would not take become EIO", "[mount][reply]") {
  fuse_lowlevel_ops table{};
  table.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    Reply reply(request, "lookup", parent, name);
    reply.fail(Error(std::stoi(name), ""));
  };
  TinySession session(table);
  CHECK(session.kernel.lookup(1, "0").err == EIO);
  CHECK(session.kernel.lookup(1, "-2").err == EIO);
  CHECK(session.kernel.lookup(1, "512").err == EIO);
  CHECK(session.kernel.lookup(1, "134").err == EIO);
  CHECK(session.kernel.lookup(1, "133").err == EHWPOISON);
}

TEST_CASE("an error is logged once with verb, inode, name and the store's words",
          "[mount][reply]") {
  Lines lines;
  fuse_lowlevel_ops table{};
  table.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    Reply reply(request, "lookup", parent, name);
    const std::string_view what(name);
    const bool refused = what == "refused" || what == "impossible";
    Error error(what == "denied" ? EPERM : refused ? ENOTSUP : ENOENT, "HEAD b/k");
    error.s3_code = "AccessDenied";
    error.request_id = "R42";
    error.http_status = what == "impossible" ? 0 : 403;
    reply.fail(error);
  };
  TinySession session(table);
  CHECK(session.kernel.lookup(7, "denied").err == EPERM);
  CHECK(session.kernel.lookup(7, "absent").err == ENOENT);
  CHECK(session.kernel.lookup(7, "refused").err == ENOTSUP);
  CHECK(session.kernel.lookup(7, "impossible").err == ENOTSUP);
  const auto all = lines.all();
  REQUIRE(all.size() == 4);
  CHECK(all[0].first == LogLevel::error);
  for (const std::string_view part :
       {"lookup", "inode 7", "denied", "HEAD b/k", "AccessDenied", "R42", "403"}) {
    CAPTURE(all[0].second);
    CHECK(all[0].second.find(part) != std::string::npos);
  }
  CHECK(all[1].first == LogLevel::info);
  // What the service cannot do is no program's everyday question.
  CHECK(all[2].first == LogLevel::error);
  CHECK(all[3].first == LogLevel::info);
}

TEST_CASE("a race with another client is no error of a verb that others tell of",
          "[mount][reply]") {
  struct Row {
    Verb verb;
    int err;
    int http_status;
    std::optional<LogLevel> level;  ///< nothing: below info
  };
  static const Row* row = nullptr;  // the verb is a plain function
  fuse_lowlevel_ops table{};
  table.lookup = [](fuse_req_t request, fuse_ino_t parent, const char*) {
    Reply reply(request, row->verb, parent);
    Error error(row->err, "its size has changed");
    error.http_status = row->http_status;
    reply.fail(error);
  };
  for (const Row& each : std::vector<Row>{{"open", ESTALE, 0, std::nullopt},
                                          {"open", ESTALE, 412, LogLevel::error},
                                          {"open", EIO, 0, LogLevel::error},
                                          {"flush", ESTALE, 0, LogLevel::info},
                                          {"flush", ESTALE, 412, LogLevel::info},
                                          {"flush", EEXIST, 412, LogLevel::info},
                                          {"flush", EIO, 500, LogLevel::error},
                                          {"fsync", ESTALE, 0, LogLevel::error},
                                          {"read", ESTALE, 0, LogLevel::error}}) {
    CAPTURE(each.verb.name, each.err, each.http_status);
    row = &each;
    Lines lines;
    TinySession session(table);
    CHECK(session.kernel.lookup(1, "x").err == each.err);
    const auto all = lines.all();
    REQUIRE(all.size() == (each.level ? 1 : 0));
    if (each.level) CHECK(all[0].first == *each.level);
  }
}

}  // namespace pailfs::fuse
