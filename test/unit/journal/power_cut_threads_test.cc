// SPDX-License-Identifier: Apache-2.0
// Power cuts while many threads change files and the workers store them: at many moments the disk
// stands still, and what a cut would have left then is recovered from when all is over.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/util/log.h"

#include "cut_disk.h"
#include "journal/journal.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/scratch_directory.h"
#include "support/text_io.h"

namespace pailfs::journal {
namespace {

using namespace pailfs::test;
namespace files = std::filesystem;
using Content = std::optional<std::string>;  // of an object; nothing: there is none

/// What threads have been told, and what they are about to be.
class Told final {
 public:
  void begin(const store::Key& key, const Content& then) {
    MutexLock lock(mutex_);
    auto& possible = possible_.try_emplace(key, 1).first->second;  // at first there is none
    possible.push_back(then);
  }
  void end(const store::Key& key) {
    MutexLock lock(mutex_);
    possible_[key] = {possible_[key].back()};
  }
  using Possible = std::map<store::Key, std::vector<Content>>;
  Possible possible() {
    MutexLock lock(mutex_);
    return possible_;
  }

 private:
  Mutex mutex_;
  Possible possible_ GUARDED_BY(mutex_);
};

/// One moment.
struct Moment {
  CutDisk::Image files;
  std::map<store::Key, StoredObject> bucket;
  Told::Possible possible;
};

/// A CutDisk for many threads that keeps every few moment.
class Watched final : public Disk {
 public:
  Watched(const std::string& root, FakeStore& bucket, Told& told)
      : disk_(root), bucket_(bucket), told_(told) {
    disk_.before = [this] { pass(); };
  }
  Result<UniqueFd> create(const std::string& path) override {
    MutexLock lock(mutex_);
    return disk_.create(path);
  }
  Status write(int file, std::span<const char> bytes, std::uint64_t offset) override {
    MutexLock lock(mutex_);
    return disk_.write(file, bytes, offset);
  }
  Status truncate(int file, std::uint64_t size) override {
    MutexLock lock(mutex_);
    return disk_.truncate(file, size);
  }
  Status sync(int file) override {
    // So long that others come to share the next one.
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    MutexLock lock(mutex_);
    return disk_.sync(file);
  }
  Status sync_directory(const std::string& path) override {
    MutexLock lock(mutex_);
    return disk_.sync_directory(path);
  }
  Status remove(const std::string& path) override {
    MutexLock lock(mutex_);
    return disk_.remove(path);
  }
  const std::vector<Moment>& moments() const { return moments_; }

 private:
  static constexpr unsigned kEvery = 3;
  /// The possible states are asked for before the image is taken: a change acknowledged by then
  /// must survive.
  void pass() {
    if (++passed_ % kEvery != 0) return;
    Moment moment;
    moment.possible = told_.possible();
    moment.bucket = bucket_.objects();
    moment.files = disk_.image(survivors(passed_ / kEvery));
    // What was begun in between is possible too.
    for (const auto& [key, later] : told_.possible()) {
      auto& possible = moment.possible[key];
      possible.insert(possible.end(), later.begin(), later.end());
    }
    moments_.push_back(std::move(moment));
  }

  Mutex mutex_{LockRank{340, "watched disk"}};
  CutDisk disk_;
  FakeStore& bucket_;
  Told& told_;
  unsigned passed_ = 0;
  std::vector<Moment> moments_;
};

files::path memory() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : files::temp_directory_path();
}

Config settings(const std::string& directory) {
  Config config;
  config.cache_directory = directory;
  config.identity = "test";
  config.memory_will_do = true;
  config.grace = std::chrono::milliseconds(0);
  return config;
}
// Segments come and go.
constexpr Log::Sizes kSizes{6'000, 2'048};

/// Writes, renames and removes files of its own.
class Program final {
 public:
  Program(Journal& journal, Told& told, std::uint64_t seed)
      : journal_(journal), told_(told), random_(seed), name_("p" + std::to_string(seed) + "/") {}

  /// False: something was refused.
  bool run(int changes) {
    bool fine = true;
    for (int i = 0; i < changes && fine; ++i) fine = step(i);
    return fine;
  }

 private:
  bool step(int number) {
    const store::Key key = name_ + std::to_string(random_() % 3);
    Content& content = contents_[key];
    switch (random_() % 5) {
      case 0:
        return !content || change(key, std::nullopt, [&] { return err(journal_.remove(key)); });
      case 1: {
        const store::Key other = name_ + "moved";
        if (!content) return true;
        const Content moved = content;
        return change(other, moved,
                      [&] {
                        return err(journal_.copy({key, other, {}, {}}));
                      }) &&
               change(key, std::nullopt, [&] { return err(journal_.remove(key)); });
      }
      default: {
        std::string text = name_ + std::to_string(number);
        if (random_() % 25 == 0) text.resize(kInlineBody + 1, '.');
        return change(key, text, [&] { return err(put_text(journal_, key, text)); });
      }
    }
  }
  template <class Make>
  bool change(const store::Key& key, const Content& then, const Make& make) {
    told_.begin(key, then);
    if (make() != 0) return false;
    told_.end(key);
    contents_[key] = then;
    return true;
  }

  Journal& journal_;
  Told& told_;
  std::mt19937_64 random_;
  const std::string name_;
  std::map<store::Key, Content> contents_;
};

std::string text(const Content& content) {
  return content ? content->substr(0, 12) : "(absent)";
}

/// The next mount after a cut at that moment. What went wrong.
std::string recover(const Moment& moment) {
  FakeClock clock;
  FakeStore bucket(clock);
  for (const auto& [key, object] : moment.bucket) {
    bucket.put_raw(key, object.content(), object.attributes);
  }
  std::string wrong;
  const auto complain = [&](const std::string& what) { wrong += what + "; "; };
  log::set_sink([&](LogLevel, std::string_view line) {
    if (line.find("damaged") != std::string_view::npos) complain(std::string(line));
  });
  const ScratchDirectory scratch(memory());
  Config config = settings(scratch.path());
  config.workers = 0;
  auto directory = take_directory(config);
  if (!directory) return directory.error().text;
  for (const auto& [path, bytes] : moment.files) {
    std::ofstream(scratch.path() + "/" + path, std::ios::binary) << bytes;
  }
  Journal journal(config, bucket, clock, std::move(*directory), kSizes);
  if (const Status opened = journal.open(); !opened) return opened.error().text;
  std::map<store::Key, Content> shown;
  for (const auto& [key, possible] : moment.possible) {
    const auto got = get_text(journal, key);
    if (!got && err(got) != ENOENT) complain(key + ": " + got.error().text);
    const Content content = got ? Content(got->bytes) : Content();
    shown[key] = content;
    if (std::find(possible.begin(), possible.end(), content) == possible.end()) {
      complain(key + " is " + text(content) + ", not " + text(possible.front()));
    }
  }
  for (int turn = 0; turn < 1'000 && journal.waiting().changes > 0; ++turn) {
    if (!journal.turn()) clock.advance(std::chrono::seconds(45));
  }
  for (const auto& [key, content] : shown) {
    const auto object = bucket.object(key);
    const Content stored = object ? Content(object->content()) : Content();
    if (stored != content) complain(key + " is stored as " + text(stored));
  }
  if (journal.waiting().conflicts > 0) complain("a conflict, but there is nobody else");
  log::set_sink([](LogLevel, std::string_view) {});
  return wrong;
}

TEST_CASE("what many threads were told survives a power cut at any moment") {
  log::set_sink([](LogLevel, std::string_view) {});
  SystemClock clock;
  FakeStore bucket(clock);
  Told told;
  const ScratchDirectory scratch(memory());
  Config config = settings(scratch.path());
  config.workers = 3;
  config.hold = std::chrono::milliseconds(3);
  auto directory = take_directory(config);
  REQUIRE(directory);
  auto watched = std::make_shared<Watched>(scratch.path(), bucket, told);
  directory->disk = watched;
  bool fine[4] = {};
  {
    Journal journal(config, bucket, clock, std::move(*directory), kSizes);
    REQUIRE(journal.open());
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { fine[i] = Program(journal, told, i + 1).run(250); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(err(journal.settle({})) == 0);
  }
  for (const bool each : fine) CHECK(each);
  CHECK(watched->moments().size() > 100);
  std::size_t waited = 0;
  for (const Moment& moment : watched->moments()) {
    CHECK(recover(moment) == "");
    waited += moment.files.size() > 2 ? 1 : 0;
  }
  CHECK(waited > 0);
}

}  // namespace
}  // namespace pailfs::journal
