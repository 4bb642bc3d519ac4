// SPDX-License-Identifier: Apache-2.0
// With durability=local the mount is killed at random moments of a mixed workload, while the
// service fails now and then, and mounted again: what was acknowledged must be there, at once in
// the mount and in the end in the bucket. PAILFS_KILL_ROUNDS sets how often (20; 200 before a
// release), PAILFS_KILL_SEED the seed.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "behaviour/mount_process.h"
#include "contract/client_bench.h"
#include "contract/s3d_service.h"
#include "support/catch.h"
#include "support/scratch_directory.h"
#include "support/text_io.h"
#include "workload.h"

namespace pailfs::test {
namespace {

constexpr int kSkipped = 4;  // what Catch2 3 ends with when every test was skipped
constexpr std::size_t kWriters = 4;

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : parse_uint(text).value_or(fallback);
}

/// A mount with a journal that is killed and comes back.
class Victim final {
 public:
  Victim() {
    std::filesystem::create_directory(mountpoint());
    std::filesystem::create_directory(scratch_.path() + "/cache");
    std::filesystem::permissions(scratch_.path() + "/cache", std::filesystem::perms::owner_all);
  }
  std::string mountpoint() const { return scratch_.path() + "/mnt"; }
  S3dService& service() { return service_; }

  Status start() {
    const Service& service = service_.service();
    std::vector<std::string> arguments{service.bucket, mountpoint(), "-f"};
    for (const std::string& option :
         {"url=" + service.url, std::string("use_path_request_style"),
          std::string("durability=local"), "use_cache=" + scratch_.path() + "/cache",
          "logfile=" + scratch_.path() + "/log", std::string("dbglevel=warn")}) {
      arguments.emplace_back("-o");
      arguments.push_back(option);
    }
    return process_.start(
        PAILFS_PROGRAM, arguments,
        {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "AWSACCESSKEYID=" + service.access_key,
         "AWSSECRETACCESSKEY=" + service.secret_key},
        mountpoint());
  }
  void kill() { process_.kill(); }
  Status stop() { return process_.stop(); }
  std::string log() const {
    const auto text = std::filesystem::exists(scratch_.path() + "/log")
                          ? pailfs::read_file(scratch_.path() + "/log", 64U << 20U)
                          : Result<std::string>(std::string());
    return text ? text->substr(text->size() - std::min<std::size_t>(text->size(), 4'000)) : "";
  }

 private:
  ScratchDirectory scratch_;
  S3dService service_;
  MountProcess process_;
};

/// Everything in the bucket below `prefix`, as files and directories.
Tree bucket_tree(store::ObjectStore& store, const std::string& prefix) {
  Tree tree;
  const auto page = list_all(store, prefix, false);
  REQUIRE(err(page) == 0);
  for (const auto& object : page->objects) {
    const auto got = get_text(store, object.key);
    REQUIRE(err(got) == 0);
    tree[object.key] = got->bytes;
  }
  return tree;
}

/// Files only: whether a directory has an object of its own is not what this is about.
Tree files_of(const Tree& tree) {
  Tree files;
  for (const auto& [path, bytes] : tree) {
    if (path.back() != '/') files[path] = bytes;
  }
  return files;
}

/// `wrong`: the paths of it.
std::string difference(const Tree& found, const Tree& expected, std::vector<std::string>& wrong) {
  std::string text;
  const auto note = [&](const std::string& what, const std::string& path) {
    text += what + path + "; ";
    wrong.push_back(path);
  };
  for (const auto& [path, bytes] : expected) {
    const auto there = found.find(path);
    if (there == found.end()) {
      note("lacks ", path);
    } else if (there->second != bytes) {
      note("another ", path);
    }
  }
  for (const auto& [path, bytes] : found) {
    if (!expected.contains(path)) note("has " + std::to_string(bytes.size()) + " bytes at ", path);
  }
  return text;
}

TEST_CASE("what was acknowledged before the mount was killed is there afterwards") {
  if (const std::string why = why_no_mount(); !why.empty()) {
    std::cerr << "skipped: " << why << std::endl;
    std::_Exit(kSkipped);
  }
  const std::uint64_t rounds = from_environment("PAILFS_KILL_ROUNDS", 20);
  const std::uint64_t seed = from_environment("PAILFS_KILL_SEED", 1);
  std::mt19937_64 random(seed);
  Victim victim;
  WiredClient client(victim.service().service(),
                     ClientStyle{true, false, 5, std::chrono::seconds(30), false});
  std::vector<std::unique_ptr<Workload>> writers;
  for (std::size_t i = 0; i < kWriters; ++i) {
    writers.push_back(
        std::make_unique<Workload>(victim.mountpoint(), "w" + std::to_string(i), random()));
  }
  const auto verify = [&](std::uint64_t round) {
    for (const auto& writer : writers) {
      std::string why;
      const auto found = read_tree(victim.mountpoint(), writer->name() + "/", why);
      INFO("seed " << seed << ", round " << round << ", " << why << "\n"
                   << writer->story() << victim.log());
      REQUIRE(found);
      const std::string wrong = writer->check(*found);
      const std::string history =
          wrong.empty() ? wrong : victim.service().history_of(writer->accused());
      INFO(history);
      REQUIRE(wrong == "");
    }
    if (victim.log().find("cannot be file") != std::string::npos) {
      std::string keys;
      const auto page = list_all(client.client(), "", false);
      for (const auto& object : page->objects) keys += object.key + "\n";
      FAIL(victim.log() << keys);
    }
  };
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    REQUIRE(err(victim.start()) == 0);
    verify(round);
    // Lost replies, failures, and a service that takes its time.
    victim.service().clear_faults();
    const std::string draw = " seed=" + std::to_string(random());
    if (round % 3 != 0) {
      REQUIRE(victim.service().add_faults("op=PutObject prob=0.03 action=apply_then_drop" + draw));
      REQUIRE(victim.service().add_faults("op=* prob=0.03 action=status:503:SlowDown" + draw));
      REQUIRE(victim.service().add_faults("op=* prob=0.2 action=delay:20" + draw));
    }
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (const auto& writer : writers) {
      writer->begin();
      threads.emplace_back([&stop, &writer] { writer->run(stop); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2'500));
    // Until here nothing may fail.
    std::vector<bool> failed;
    for (const auto& writer : writers) failed.push_back(writer->failed());
    victim.kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    std::string trouble;
    for (std::size_t i = 0; i < writers.size(); ++i) {
      if (failed[i]) trouble += writers[i]->trouble();
    }
    INFO("seed " << seed << ", round " << round << ": " << trouble << "\n" << victim.log());
    REQUIRE(trouble == "");
    if (random() % 3 == 0) {
      // Killed again while it finishes what the first one left.
      REQUIRE(err(victim.start()) == 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
      victim.kill();
    }
    if (round % 5 != 0 && round != rounds) continue;
    REQUIRE(err(victim.start()) == 0);
    verify(round);
    victim.service().clear_faults();
    REQUIRE(err(victim.stop()) == 0);
    for (const auto& writer : writers) {
      const Tree found = files_of(bucket_tree(client.client(), writer->name() + "/"));
      std::vector<std::string> wrong;
      const std::string text = difference(found, files_of(writer->expected()), wrong);
      std::string history;
      for (const std::string& path : wrong) history += victim.service().history_of(path);
      INFO("seed " << seed << ", round " << round << "\n"
                   << writer->story() << victim.log() << history);
      REQUIRE(text == "");
    }
  }
  std::uint64_t changes = 0;
  for (const auto& writer : writers) changes += writer->changes();
  CHECK(changes > rounds);
  WARN(rounds << " kills, " << changes << " acknowledged changes, seed " << seed);
  CHECK(victim.log().find("conflict") == std::string::npos);
}

}  // namespace
}  // namespace pailfs::test
