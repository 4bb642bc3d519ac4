// SPDX-License-Identifier: Apache-2.0
#include "contract/bench.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>

#include "pailfs/util/clock.h"

#include "support/fake_store.h"
#include "support/text_io.h"

#ifdef PAILFS_TEST_HAS_CLIENT
#include "contract/client_bench.h"
#endif
#ifdef PAILFS_TEST_HAS_S3D
#include "contract/s3d_service.h"
#endif

namespace pailfs::test {
namespace {

class FakeBench final : public Bench {
 public:
  FakeBench() : Bench("fake", "fake/"), store_(clock_) {}
  s3::ObjectStore& store() override { return store_; }
  s3::ObjectStore* changed(const ClientChange&) override { return nullptr; }

 private:
  SystemClock clock_;
  FakeStore store_;
};

#ifdef PAILFS_TEST_HAS_S3D
/// A server for each test: nothing one test leaves behind can reach the next.
class S3dBench final : public Bench {
 public:
  S3dBench(std::string name, S3dService::Scheme scheme, ClientStyle style)
      : Bench(name, unique_prefix()), server_(scheme), inner_(name, server_.service(), style) {}
  s3::ObjectStore& store() override { return inner_.store(); }
  s3::ObjectStore* changed(const ClientChange& change) override { return inner_.changed(change); }
  std::optional<Session> session() override { return inner_.session(); }

 private:
  S3dService server_;
  ClientBench inner_;
};
#endif

using Opener = std::function<std::unique_ptr<Bench>()>;
struct Entry {
  std::string name;
  Opener open;
};

std::vector<Entry> make_entries() {
  std::vector<Entry> entries;
  entries.push_back({"fake", [] { return std::make_unique<FakeBench>(); }});
#ifdef PAILFS_TEST_HAS_CLIENT
  const auto add_service = [&](const Service& service) {
    for (const bool path : {true, false}) {
      if (!path && service.host_url.empty()) continue;
      // Each style with the other kind of listing than its neighbour: two clients for four cases.
      const ClientStyle style{path, !path, 5, std::chrono::seconds(30), false};
      const std::string name = service.name + (path ? " path V1" : " host V2");
      entries.push_back(
          {name, [=] { return std::make_unique<ClientBench>(name, service, style); }});
    }
  };
#ifdef PAILFS_TEST_HAS_S3D
  const auto add_s3d = [&](const std::string& name, S3dService::Scheme scheme, ClientStyle style) {
    entries.push_back({name, [=] { return std::make_unique<S3dBench>(name, scheme, style); }});
  };
  add_s3d("s3d path V1", S3dService::Scheme::http,
          {true, false, 5, std::chrono::seconds(30), false});
  add_s3d("s3d path V2", S3dService::Scheme::http,
          {true, true, 5, std::chrono::seconds(30), false});
  add_s3d("s3d host V1", S3dService::Scheme::http,
          {false, false, 5, std::chrono::seconds(30), false});
  add_s3d("s3d host V2", S3dService::Scheme::http,
          {false, true, 5, std::chrono::seconds(30), false});
  add_s3d("s3d https", S3dService::Scheme::https, {true, true, 5, std::chrono::seconds(30), false});
#endif
  auto services = services_from_environment();
  if (!services) {
    std::cerr << "PAILFS_TEST_S3_SERVERS: " << services.error().text << '\n';
    std::exit(2);
  }
  for (const Service& service : *services) add_service(service);
#endif
  return entries;
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = make_entries();
  return all;
}

}  // namespace

Bench::Bench(std::string name, std::string prefix)
    : name_(std::move(name)), prefix_(std::move(prefix)) {}

std::optional<std::string> Bench::exempt(std::string_view rule) const {
  return known_exception(name_, rule);
}

void Bench::clean() {
  if (const auto left = list_all(store(), prefix_, false)) {
    std::vector<s3::Key> keys;
    for (const auto& object : left->objects) keys.push_back(object.key);
    for (const Status& gone : store().remove_many(keys)) {
      if (!gone) std::cerr << name_ << ": left behind: " << gone.error().text << '\n';
    }
  }
  if (const auto uploads = store().list_uploads(prefix_, {})) {
    for (const auto& upload : uploads->uploads) {
      const Status ignored = store().abort_upload(upload.key, upload.id);
    }
  }
}

const std::vector<std::string>& bench_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) all.push_back(entry.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Bench> open_bench(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (entry.name == name) return entry.open();
  }
  std::cerr << "no such bench: " << name << '\n';
  std::abort();
}

std::string unique_prefix() {
  static std::atomic<unsigned> counter{0};
  static const unsigned long long salt = SystemRandom().next();
  return "pailfs-contract-" + std::to_string(salt % 1'000'000'000) + "-" +
         std::to_string(counter.fetch_add(1)) + "/";
}

}  // namespace pailfs::test
