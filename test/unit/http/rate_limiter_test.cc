// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/rate_limiter.h"

#include <string>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

using namespace pailfs;
using namespace pailfs::http;
using namespace pailfs::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

/// A service that takes and gives all that it is asked for, in no time.
struct Service {
  explicit Service(const Rates& rates) : limited(transport, clock, rates) {
    transport.otherwise([](const RecordedRequest& request) {
      Exchange exchange = reply(200);
      exchange.sent = request.body.size();
      return exchange;
    });
  }
  void put(std::uint64_t bytes) {
    const std::string text(bytes, 'x');
    MemorySource body(text);
    Request request;
    request.method = Method::put;
    limited.perform(request, &body, nullptr);
  }
  Exchange get(const std::string& range, std::uint64_t received) {
    transport.then(
        [received](const RecordedRequest&) { return reply(206, {}, std::string(received, 'x')); });
    Request request;
    request.headers.add("Range", range);
    return limited.perform(request, nullptr, nullptr);
  }
  void head() {
    Request request;
    request.method = Method::head;
    limited.perform(request, nullptr, nullptr);
  }
  std::chrono::nanoseconds time(const std::function<void()>& act) {
    const MonoTime start = clock.now();
    act();
    return clock.now() - start;
  }
  FakeTransport transport;
  FakeClock clock;
  RateLimiter limited;
};

}  // namespace

TEST_CASE("work at one rate begins in the order of its asking, and at once after idleness") {
  Turns turns(1s);
  const MonoTime now = MonoTime() + 1h;
  CHECK(turns.take(now, 2s) == now);  // one second was saved
  CHECK(turns.take(now, 2s) == now + 1s);
  CHECK(turns.take(now, 5s) == now + 3s);
  CHECK(turns.take(now + 8s, 1s) == now + 8s);
  turns.correct(-1s);
  CHECK(turns.take(now + 8s, 3s) == now + 8s);
  CHECK(turns.take(now + 8s, 1s) == now + 11s);
  CHECK(turns.take(now + 60s, 1s) == now + 60s);
  CHECK(turns.take(now + 60s, 1s) == now + 60s);
  CHECK(turns.take(now + 60s, 1s) == now + 61s);
}

TEST_CASE("uploads and downloads keep the rate, each direction for itself") {
  Service service({.bytes_per_second = kMiB});
  const auto took = service.time([&] {
    for (int i = 0; i < 10; ++i) service.put(kMiB);
  });
  CHECK(took >= 8s);
  CHECK(took <= 10s);
  const auto down = service.time([&] {
    for (int i = 0; i < 10; ++i) service.get("bytes=0-1048575", kMiB);
  });
  CHECK(down >= 8s);
  CHECK(down <= 10s);
}

TEST_CASE("what has hardly a body does not wait for larger ones, and is paid for all the same") {
  Service service({.bytes_per_second = kMiB});
  for (int i = 0; i < 4; ++i) service.put(kMiB);
  CHECK(service.time([&] { service.head(); }) == 0s);
  CHECK(service.time([&] { service.put(1000); }) == 0s);
  CHECK(service.time([&] {
    for (int i = 0; i < 32; ++i) service.put(64 << 10U);
  }) == 0s);
  CHECK(service.time([&] { service.put(kMiB); }) >= 2s);
}

TEST_CASE("a download that brings less or more than was asked for is counted as it was") {
  Service service({.bytes_per_second = kMiB});
  for (int i = 0; i < 10; ++i)
    CHECK(service.time([&] { service.get("bytes=0-104857599", 100); }) == 0s);
  CHECK(service.time([&] { service.get("", 10 * kMiB); }) == 0s);
  CHECK(service.time([&] { service.get("bytes=5-1048580", kMiB); }) >= 9s);
  for (const char* odd : {"bytes=5-", "bytes=-5", "bytes=9-5", "bytes=a-b", "lines=1-2", "bytes=7"})
    CHECK(service.time([&] { service.get(odd, 0); }) == 0s);
}

TEST_CASE("requests keep their number a second") {
  Service service({.requests_per_second = 10});
  const auto took = service.time([&] {
    for (int i = 0; i < 100; ++i) service.head();
  });
  CHECK(took >= 8s);
  CHECK(took <= 10s);
  service.clock.advance(1h);
  CHECK(service.time([&] {
    for (int i = 0; i < 10; ++i) service.head();
  }) == 0s);
  Service free({});
  CHECK(free.time([&] {
    for (int i = 0; i < 100; ++i) free.put(kMiB);
  }) == 0s);
}
