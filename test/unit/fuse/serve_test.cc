// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "pailfs/util/log.h"

#include "serving.h"
#include "support/beside.h"
#include "support/catch.h"

namespace pailfs::fuse {

using test::eventually;
using test::Serving;

TEST_CASE("SIGTERM and SIGINT end the loop and store what is left", "[mount][serve]") {
  for (const int number : {SIGTERM, SIGINT}) {
    for (const bool single : {false, true}) {
      CAPTURE(number, single);
      mount::Config config;
      config.single_threaded = single;
      Serving serving(config);
      CHECK(serving.ready == 1);
      ::kill(::getpid(), number);
      CHECK(serving.wait().has_value());
      CHECK(serving.files.syncs == 1);
    }
  }
}

TEST_CASE("what could not be stored at the end is the result", "[mount][serve]") {
  Serving serving;
  serving.files.sync_errno = ENOSPC;
  ::kill(::getpid(), SIGTERM);
  const Status result = serving.wait();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().err == ENOSPC);
}

TEST_CASE("SIGUSR1, SIGHUP and SIGPIPE do not end the loop, SIGUSR2 changes the log level",
          "[mount][serve]") {
  log::set_sink([](LogLevel, std::string_view) {});
  log::set_level(LogLevel::critical);
  {
    Serving serving;
    for (const int number : {SIGUSR1, SIGHUP, SIGPIPE, SIGUSR2}) ::kill(::getpid(), number);
    CHECK(eventually([] { return log::level() == LogLevel::error; }));
    CHECK(serving.kernel.getattr(1).err == 0);
  }
  log::set_level(LogLevel::critical);
  log::set_sink(log::stream_sink(2, {}));
}

TEST_CASE("signal dispositions are as before after serving", "[mount][serve]") {
  struct sigaction before {};
  struct sigaction after {};
  ::sigaction(SIGTERM, nullptr, &before);
  {
    Serving serving;
    ::sigaction(SIGTERM, nullptr, &after);
    CHECK(after.sa_handler != before.sa_handler);
  }
  ::sigaction(SIGTERM, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
}

TEST_CASE("a connection that is cut is an error, and what is left is still stored",
          "[mount][serve]") {
  Serving serving;
  CHECK_FALSE(serving.cut().has_value());
  CHECK(serving.files.syncs == 1);
}

TEST_CASE("a mountpoint that is gone is refused before anything is served", "[mount][serve]") {
  test::MemoryFileSystem files;
  mount::Config config;
  config.mountpoint = "/nonexistent/mountpoint";
  int ready = 0;
  const Status result = serve(config, files, [&ready] { ++ready; });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().err == ENOENT);
  CHECK(ready == 0);
  CHECK(files.syncs == 0);
}

TEST_CASE("an option that FUSE does not know is named in the error", "[mount][serve]") {
  test::MemoryFileSystem files;
  mount::Config config;
  config.mountpoint = "/dev/fd/0";
  config.kernel_options = {"frobnicate"};
  const Status result = serve(config, files, [] {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().text.find("frobnicate") != std::string::npos);
}

}  // namespace pailfs::fuse
