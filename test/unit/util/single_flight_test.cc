// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/single_flight.h"

#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "support/beside.h"
#include "support/catch.h"

namespace pailfs {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kNow{1h};

TEST_CASE("the first of a key makes the request and the others share it") {
  SingleFlight<int> flights;
  const auto first = flights.join("a", kNow, kNow);
  CHECK(first.is_first);
  const auto second = flights.join("a", kNow, kNow);
  CHECK_FALSE(second.is_first);
  CHECK(second.flight == first.flight);
  CHECK(flights.find("a", kNow) == first.flight);
  CHECK(flights.join("b", kNow, kNow).is_first);  // another key is another flight
  std::thread pool([&] { flights.land(first.flight, 7); });
  CHECK(second.flight->wait() == 7);
  pool.join();
  CHECK(first.flight->wait() == 7);
  CHECK(flights.find("a", kNow) == nullptr);
  CHECK(flights.join("a", kNow, kNow).is_first);  // nothing is remembered
}

TEST_CASE("threads that come while a request is made get its value") {
  SingleFlight<int> flights;
  std::vector<std::future<std::pair<bool, int>>> others;
  const int made = flights.share("a", kNow, kNow, [&] {
    for (int i = 0; i < 4; ++i) {
      std::promise<void> joined;
      auto has_joined = joined.get_future();
      others.push_back(
          std::async(std::launch::async, [&flights, joined = std::move(joined)]() mutable {
            const auto ticket = flights.join("a", kNow, kNow);
            joined.set_value();
            return std::pair(ticket.is_first, ticket.flight->wait());
          }));
      has_joined.wait();
    }
    return 3;
  });
  CHECK(made == 3);
  for (auto& other : others) CHECK(other.get() == std::pair(false, 3));
  CHECK(flights.share("a", kNow, kNow, [] { return 4; }) == 4);
}

TEST_CASE("a flight that waits in a queue can be given up, one that has begun is waited for") {
  SingleFlight<int> flights;
  const auto queued = flights.join("a", kNow, kNow).flight;
  CHECK_FALSE(queued->wait_if_begun());
  CHECK_FALSE(queued->begin());
  CHECK(flights.find("a", kNow) == queued);  // until the pool comes to it
  flights.land(queued, 0);
  CHECK(flights.find("a", kNow) == nullptr);

  const auto begun = flights.join("a", kNow, kNow).flight;
  CHECK(begun->begin());
  const test::Beside waiter([&] { return begun->wait_if_begun() == 5; });
  CHECK(waiter.waits());
  flights.land(begun, 5);
  CHECK(waiter.ends());
  CHECK(begun->wait_if_begun() == 5);

  const auto landed = flights.join("a", kNow, kNow).flight;
  flights.land(landed, 6);
  CHECK(landed->wait_if_begun() == 6);
}

TEST_CASE("a thread to which a flight would be too old begins another") {
  SingleFlight<int> flights;
  const auto old = flights.join("a", kNow, kNow).flight;
  CHECK(flights.join("a", kNow + 1s, kNow).flight == old);
  const auto younger = flights.join("a", kNow + 2s, kNow + 1s);
  CHECK(younger.is_first);
  CHECK(younger.flight != old);
  CHECK(flights.find("a", kNow) == younger.flight);
  CHECK(flights.find("a", kNow + 3s) == nullptr);
  flights.land(old, 1);
  CHECK(flights.find("a", kNow) == younger.flight);
  CHECK(old->wait() == 1);
  flights.land(younger.flight, 2);
  CHECK(younger.flight->wait() == 2);
  CHECK(flights.find("a", kNow) == nullptr);
}

}  // namespace
}  // namespace pailfs
