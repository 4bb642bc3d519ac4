// SPDX-License-Identifier: Apache-2.0
// Several clients change one object on conditions while a part of the replies is lost: an attempt
// of one's own never looks like another writer's, nor the other way round.
#include <atomic>
#include <memory>
#include <thread>

#include "client_bench.h"
#include "s3d_service.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

constexpr int kClients = 3;
constexpr int kRounds = 40;

/// As the file system writes it: no two changes have the same time.
store::ObjectAttributes attributes(int client, int change) {
  return {"text/plain",
          {{"mode", "33188"}, {"mtime", std::to_string(client) + "." + std::to_string(change)}},
          {}};
}

struct Scene {
  explicit Scene(const std::vector<std::string>& rules) : service(S3dService::Scheme::http, rules) {
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<WiredClient>(
          service.service(), ClientStyle{true, false, 20, std::chrono::seconds(30), true}));
    }
  }

  template <class Work>
  void in_each_client(Work work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back([&, i] { work(i, clients.at(static_cast<std::size_t>(i))->client()); });
    }
    for (std::thread& thread : threads) thread.join();
  }

  S3dService service;
  std::vector<std::unique_ptr<WiredClient>> clients;
};

TEST_CASE("of several clients that make a directory one wins, though replies are lost") {
  Scene scene({});
  REQUIRE(scene.service.add_faults("op=PutObject prob=0.3 seed=5 action=apply_then_drop"));
  std::vector<std::atomic<int>> winners(kRounds);
  std::atomic<int> odd = 0;
  scene.in_each_client([&](int i, store::ObjectStore& store) {
    for (int round = 0; round < kRounds; ++round) {
      store::PutRequest request{"d" + std::to_string(round) + "/", attributes(i, round)};
      request.condition.absent = true;
      MemorySource nothing("");
      const auto made = store.put(request, nothing);
      if (made) ++winners[static_cast<std::size_t>(round)];
      if (!made && made.error().err != EEXIST) ++odd;
    }
  });
  CHECK(odd == 0);
  for (const auto& each : winners) CHECK(each == 1);
}

TEST_CASE("no client's change is undone, though replies are lost") {
  Scene scene(GENERATE(std::vector<std::string>{}, std::vector<std::string>{"if_match_unquoted"}));
  REQUIRE(put_text(scene.clients[0]->client(), "counter", "0"));
  REQUIRE(scene.service.add_faults("op=PutObject prob=0.2 seed=7 action=apply_then_drop"));
  std::atomic<int> changes = 0;
  std::atomic<int> doubts = 0;
  std::atomic<int> odd = 0;
  scene.in_each_client([&](int i, store::ObjectStore& store) {
    for (int round = 0; round < kRounds; ++round) {
      const auto now = get_text(store, "counter");
      if (!now) {
        ++odd;
        continue;
      }
      StringSource body(std::to_string(std::stoi(now->bytes) + 1));
      const auto made = store.put({"counter", attributes(i, round), {now->info.etag}}, body);
      if (made) ++changes;
      if (!made && made.error().err != ESTALE) ++odd;
      if (!made && made.error().in_doubt) ++doubts;
    }
  });
  CHECK(odd == 0);
  CHECK(changes > 0);
  // A change whose reply was lost may have been replaced before it could be looked at: no look can
  // tell whether it was made, and the error says so.
  const int counted = std::stoi(get_text(scene.clients[0]->client(), "counter")->bytes);
  CHECK(counted >= changes);
  CHECK(counted <= changes + doubts);
}

}  // namespace
}  // namespace pailfs::test
