// SPDX-License-Identifier: Apache-2.0
// Random histories of several mounts of one bucket and a foreign client, against a model of what
// may be lost and what may be seen (judge.h). PAILFS_SHARED_SEED chooses the first seed,
// PAILFS_SHARED_COUNT the number of histories.
#include <atomic>
#include <cstdlib>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "contract/s3d_service.h"
#include "contract/service.h"
#include "ledger.h"
#include "player.h"
#include "support/catch.h"
#include "support/effort.h"
#include "support/unconditional.h"
#include "wire_bucket.h"

namespace pailfs::test::shared {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : parse_uint(text).value_or(fallback);
}

/// The history without the steps that it fails without.
History shortened(History failing, const MakeBucket& make) {
  for (std::size_t chunk = std::max<std::size_t>(failing.steps.size() / 2, 1); chunk > 0;) {
    bool shorter = false;
    for (std::size_t at = 0; at < failing.steps.size();) {
      History less = failing;
      const auto begin = less.steps.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t size = std::min(chunk, less.steps.size() - at);
      less.steps.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (play(less, make)) {
        failing = std::move(less);
        shorter = true;
      } else {
        at += chunk;
      }
    }
    if (!shorter || chunk > 1) chunk /= 2;
  }
  for (Step& step : failing.steps) {
    const Step before = step;
    step.meanwhile = nullptr;
    if (!play(failing, make)) step = before;
  }
  return failing;
}

std::string story(std::uint64_t seed, const History& history, const MakeBucket& make,
                  const std::string& first) {
  const History shortest = shortened(history, make);
  std::string text = "PAILFS_SHARED_SEED=" + std::to_string(seed) +
                     " PAILFS_SHARED_COUNT=1: " + history.shape.text() + "\n";
  for (const Step& step : shortest.steps) text += "  " + step.text() + "\n";
  const auto again = play(shortest, make);
  return text + (again ? *again : "does not fail every time; the first time: " + first);
}

/// What a real server does of conditions.
enum class Server {
  obeys_all,
  obeys_puts,  ///< Ceph 16 ignores those of copies, also on their source, completions and removals
  obeys_none,  ///< Swift answers 501
};

/// Without what needs more than conditions of PUT.
History with_puts_only(History history, Server server) {
  history.shape.conditional = server == Server::obeys_puts;
  history.shape.parts = false;
  std::erase_if(history.steps, [](const Step& step) {
    const auto copies = [](Step::Kind kind) {
      return (kind >= Step::Kind::rename && kind <= Step::Kind::rename_directory) ||
             (kind >= Step::Kind::chmod && kind <= Step::Kind::setxattr);
    };
    return copies(step.kind) || (step.meanwhile && copies(step.meanwhile->kind));
  });
  return history;
}

void play_histories(std::uint64_t count, const MakeBucket& make,
                    Server server = Server::obeys_all) {
  log::set_sink([](LogLevel, std::string_view) {});  // races are lost on purpose, thousands
  const std::uint64_t seed = from_environment("PAILFS_SHARED_SEED", 1);
  const auto some = static_cast<std::uint64_t>(rounds(static_cast<int>(count)));
  count = from_environment("PAILFS_SHARED_COUNT", some);
  for (std::uint64_t i = 0; i < count; ++i) {
    History history = random_history(seed + i);
    if (server != Server::obeys_all) history = with_puts_only(std::move(history), server);
    if (const auto wrong = play(history, make)) FAIL(story(seed + i, history, make, *wrong));
  }
  WARN(count << " histories");
}

TEST_CASE(
    "histories of several mounts of one bucket lose and show nothing that the model forbids") {
  play_histories(200, fake_bucket);
}

const std::vector<std::string> kIgnored{"ignore=PutObject/if-match",
                                        "ignore=PutObject/if-none-match",
                                        "ignore=CopyObject/if-match",
                                        "ignore=CopyObject/if-none-match",
                                        "ignore=DeleteObject/if-match",
                                        "ignore=CompleteMultipartUpload/if-match",
                                        "ignore=CompleteMultipartUpload/if-none-match"};

TEST_CASE("the same over the real client and pailfs-s3d, with and without conditional requests") {
  const S3dService obeys;
  // But for the source of a copy, which then is not the one that was asked for: pailfs takes the
  // copy for that all the same.
  const S3dService ignores(S3dService::Scheme::http, kIgnored);
  play_histories(100, [&](Clock&, const Shape& shape) {
    return wire_bucket((shape.conditional ? obeys : ignores).service());
  });
}

TEST_CASE("the same while the service loses replies to changes, which the client asks about") {
  S3dService obeys;
  for (const char* operation : {"PutObject", "CopyObject", "DeleteObject", "DeleteObjects"}) {
    const std::string fault = std::string("op=") + operation + " prob=0.1 seed=7 ";
    REQUIRE(obeys.add_faults(fault + "action=apply_then_drop"));
  }
  play_histories(50, [&](Clock&, const Shape&) { return wire_bucket(obeys.service()); });
}

/// A bucket with a fault on purpose, as if the file system had it.
template <class Faulty>
class PlantedBucket final : public Bucket {
 public:
  PlantedBucket(Clock& clock, const Shape& shape)
      : sound_(fake_bucket(clock, shape)), faulty_(sound_->client()) {}
  store::ObjectStore& client() override { return faulty_; }

 private:
  std::unique_ptr<Bucket> sound_;
  Faulty faulty_;
};

/// Reads any version, whatever one is asked for.
class AnyVersion final : public store::ForwardingStore {
 public:
  explicit AnyVersion(store::ObjectStore& inner) : ForwardingStore(inner) {}
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override {
    store::GetRequest bare = request;
    bare.if_match = {};
    auto info = store_.get(bare, sink);
    if (info && !request.if_match.empty()) info->etag = request.if_match;
    return info;
  }
};

/// Acknowledges every tenth object without storing it.
class Forgetful final : public store::ForwardingStore {
 public:
  explicit Forgetful(store::ObjectStore& inner) : ForwardingStore(inner) {}
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override {
    constexpr int kEach = 10;
    if (++puts_ % kEach == 0) return store::ETag{"\"0123456789abcdef0123456789abcdef\""};
    return store_.put(request, body);
  }

 private:
  std::atomic<int> puts_ = 0;
};

template <class Faulty>
std::uint64_t histories_until_found() {
  log::set_sink([](LogLevel, std::string_view) {});
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    History history = random_history(seed);
    if (!history.shape.conditional) continue;
    const auto planted = [](Clock& clock, const Shape& shape) {
      return std::make_unique<PlantedBucket<Faulty>>(clock, shape);
    };
    if (play(history, planted)) return seed;
  }
  return 0;
}

TEST_CASE("planted faults are found within 300 histories") {
  CHECK(histories_until_found<Unconditional>() > 0);  // lost updates
  CHECK(histories_until_found<AnyVersion>() > 0);     // two versions in one open file
  CHECK(histories_until_found<Forgetful>() > 0);      // acknowledged bytes that are nowhere
}

TEST_CASE("equal seeds give equal histories of several mounts") {
  const auto told = [](std::uint64_t seed) {
    const History history = random_history(seed);
    std::string text = history.shape.text();
    for (const Step& step : history.steps) text += "\n" + step.text();
    return text;
  };
  CHECK(told(3) == told(3));
  CHECK(told(3) != told(4));
}

TEST_CASE("the same over the real servers") {
  const auto services = services_from_environment();
  REQUIRE(services);
  if (services->empty()) SKIP("PAILFS_TEST_S3_SERVERS names no file of servers");
  for (const Service& service : *services) {
    INFO(service.name);
    const bool none = service.name.starts_with("swift");
    play_histories(
        20, [&](Clock&, const Shape&) { return wire_bucket(service); },
        none ? Server::obeys_none : Server::obeys_puts);
  }
}

}  // namespace
}  // namespace pailfs::test::shared
