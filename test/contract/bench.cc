// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <cstdlib>
#include <functional>
#include <iostream>

#include "pailfs/journal/journal_store.h"
#include "pailfs/util/clock.h"

#include "support/fake_store.h"
#include "support/fault_store.h"
#include "support/scratch_directory.h"

#ifdef PAILFS_TEST_HAS_CLIENT
#include "s3d_bench.h"
#endif

namespace pailfs::test {
namespace {

class FakeBench final : public Bench {
 public:
  FakeBench() : Bench("fake", "fake/"), store_(clock_) {}
  store::ObjectStore& store() override { return store_; }
  store::ObjectStore* changed(const ClientChange&) override { return nullptr; }

 private:
  SystemClock clock_;
  FakeStore store_;
};

/// A fault store that has no faults must not be noticed.
class FaultlessBench final : public Bench {
 public:
  FaultlessBench() : Bench("fault store without faults", "fake/"), fake_(clock_), store_(fake_) {}
  store::ObjectStore& store() override { return store_; }
  store::ObjectStore* changed(const ClientChange&) override { return nullptr; }

 private:
  SystemClock clock_;
  FakeStore fake_;
  FaultStore store_;
};

/// Changes are acknowledged by the journal, and carried out at once or not before they must be.
class JournalBench final : public Bench {
 public:
  JournalBench(std::string name, std::chrono::milliseconds hold)
      : Bench(std::move(name), "fake/"), fake_(clock_) {
    journal::Config config;
    config.cache_directory = directory_.path();
    config.identity = "contract";
    config.hold = hold;
    config.memory_will_do = true;
    auto opened = journal::open_journal(config, fake_, clock_);
    if (!opened) {
      std::cerr << "journal: " << opened.error().text << '\n';
      std::exit(2);
    }
    journal_ = std::move(*opened);
  }
  store::ObjectStore& store() override { return *journal_; }
  store::ObjectStore* changed(const ClientChange&) override { return nullptr; }

 private:
  SystemClock clock_;
  FakeStore fake_;
  ScratchDirectory directory_;
  std::unique_ptr<journal::JournalStore> journal_;
};

using Opener = std::function<std::unique_ptr<Bench>()>;
struct Entry {
  std::string name;
  Opener open;
  bool has_client = false;
};

std::vector<Entry> make_entries() {
  std::vector<Entry> entries;
  entries.push_back({"fake", [] { return std::make_unique<FakeBench>(); }});
  entries.push_back(
      {"fault store without faults", [] { return std::make_unique<FaultlessBench>(); }});
  for (const int hold : {0, 1, 3'600'000}) {
    const std::string name = "journal that holds " + std::to_string(hold) + " ms";
    entries.push_back(
        {name,
         [=] { return std::make_unique<JournalBench>(name, std::chrono::milliseconds(hold)); }});
  }
#ifdef PAILFS_TEST_HAS_CLIENT
  const auto add_service = [&](const Service& service) {
    for (const bool path : {true, false}) {
      if (!path && service.host_url.empty()) continue;
      // Each style with the other kind of listing than its neighbour: two clients for four cases.
      const ClientStyle style{path, !path, 5, std::chrono::seconds(30), false};
      const std::string name = service.name + (path ? " path V1" : " host V2");
      entries.push_back(
          {name, [=] { return std::make_unique<ClientBench>(name, service, style); }, true});
    }
  };
  const auto add_s3d = [&](const std::string& name, S3dService::Scheme scheme, ClientStyle style) {
    entries.push_back(
        {name, [=] { return std::make_unique<S3dBench>(name, scheme, style); }, true});
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
  const ClientStyle by_token{true, true, 5, std::chrono::seconds(30), false};
  for (const bool google : {false, true}) {
    const std::string name = google ? "s3d token of Google" : "s3d bearer token";
    entries.push_back(
        {name, [=] { return std::make_unique<BearerBench>(name, by_token, google); }, true});
  }
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

const std::vector<std::string>& bench_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) all.push_back(entry.name);
    return all;
  }();
  return names;
}

const std::vector<std::string>& client_bench_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) {
      if (entry.has_client) all.push_back(entry.name);
    }
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

}  // namespace pailfs::test
