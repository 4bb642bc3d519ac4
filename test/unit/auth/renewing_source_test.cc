// SPDX-License-Identifier: Apache-2.0
#include "auth/renewing_source.h"

#include <unistd.h>

#include <atomic>
#include <thread>

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::FakeClock;

/// A source whose keys are the text of a file; "bad" cannot be read.
struct FileKeys {
  TempDir dir;
  FakeClock clock;
  std::string path = dir.write("keys", "K1");
  std::atomic<int> fetches = 0;
  std::optional<WallTime> expires;
  std::unique_ptr<RenewingSource> source;

  explicit FileKeys(bool costly = false) {
    source = std::make_unique<RenewingSource>(
        RenewingSource::Origin{[this] { return fetch(); }, {path}, costly}, clock);
    REQUIRE(key_of(*source) == "K1");
  }
  Result<Credentials> fetch() {
    ++fetches;
    std::ifstream file(path);
    std::string key;
    std::getline(file, key);
    if (key.empty() || key == "bad") return Error{EINVAL, path + " is " + key};
    return Credentials{key, Secret("CANARY"), Secret(), path, expires};
  }
};

TEST_CASE("a changed file is noticed within a second while its keys prove nothing yet", "[s3]") {
  FileKeys keys;
  static_cast<void>(keys.dir.write("keys", "K2-longer"));
  keys.clock.advance(milliseconds(999));
  CHECK(key_of(*keys.source) == "K1");
  keys.clock.advance(milliseconds(1));
  CHECK(key_of(*keys.source) == "K2-longer");
  keys.clock.advance(hours(1));
  CHECK(key_of(*keys.source) == "K2-longer");
  CHECK(keys.fetches == 2);
}

TEST_CASE("a file replaced by rename or by a flipped link is noticed", "[s3]") {
  FileKeys keys;
  const bool link = GENERATE(true, false);
  const std::string next = keys.dir.write("next", "K2");
  if (link) {
    REQUIRE(symlink(next.c_str(), (keys.dir.path + "/link").c_str()) == 0);
    REQUIRE(rename((keys.dir.path + "/link").c_str(), keys.path.c_str()) == 0);
  } else {
    REQUIRE(rename(next.c_str(), keys.path.c_str()) == 0);
  }
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K2");
}

TEST_CASE("what cannot be read leaves the keys in use and is said once", "[s3]") {
  const LogLines log(LogLevel::warning);
  FileKeys keys;
  static_cast<void>(keys.dir.write("keys", "bad"));
  for (int i = 0; i < 5; ++i) {
    keys.clock.advance(seconds(1));
    CHECK(key_of(*keys.source) == "K1");
    CHECK_FALSE(keys.source->refresh(*keys.source->get()));
  }
  CHECK(log.lines.size() == 1);
  std::filesystem::remove(keys.path);
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K1");
  CHECK(log.lines.size() == 2);
  static_cast<void>(keys.dir.write("keys", "K2"));
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K2");
  // The same failure after a success is news.
  static_cast<void>(keys.dir.write("keys", "bad"));
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K2");
  CHECK(log.lines.size() == 3);
  for (const std::string& line : log.lines) CHECK(line.find("CANARY") == std::string::npos);
}

TEST_CASE("reload looks at once, also where nothing seems changed", "[s3]") {
  FileKeys keys;
  keys.source->reload();
  CHECK(keys.fetches == 1);
  CHECK(key_of(*keys.source) == "K1");
  CHECK(keys.fetches == 2);
  static_cast<void>(keys.dir.write("keys", "K2"));
  keys.source->reload();
  CHECK(key_of(*keys.source) == "K2");
  CHECK(key_of(*keys.source) == "K2");
  CHECK(keys.fetches == 3);
}

TEST_CASE("a file whose keys expire is read again five minutes before", "[s3]") {
  FileKeys keys;
  keys.expires = keys.clock.wall() + hours(1);
  keys.source->reload();
  CHECK(key_of(*keys.source) == "K1");
  keys.clock.advance(minutes(55) - seconds(1));
  CHECK(key_of(*keys.source) == "K1");
  CHECK(keys.fetches == 2);
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K1");
  CHECK(keys.fetches == 3);
  keys.clock.advance(minutes(5));
  CHECK(key_of(*keys.source) ==
        "error: the credentials of " + keys.path + " expired at " + iso8601_millis(*keys.expires));
}

TEST_CASE("what is costly is not asked twice in a second, what is not is", "[s3]") {
  const bool costly = GENERATE(true, false);
  FileKeys keys(costly);
  const Credentials used = *keys.source->get();
  CHECK_FALSE(keys.source->refresh(used));
  CHECK_FALSE(keys.source->refresh(used));
  CHECK(keys.fetches == (costly ? 1 : 3));
  keys.clock.advance(seconds(1));
  CHECK_FALSE(keys.source->refresh(used));
  CHECK(keys.fetches == (costly ? 2 : 4));
}

TEST_CASE("keys that work stay, whatever is written into their file", "[s3]") {
  FileKeys keys;
  keys.source->accepted(*keys.source->get());
  const bool gone = GENERATE(true, false);
  if (gone) {
    std::filesystem::remove(keys.path);
  } else {
    static_cast<void>(keys.dir.write("keys", "K-of-another-volume"));
  }
  for (int i = 0; i < 3; ++i) {
    keys.clock.advance(hours(1));
    CHECK(key_of(*keys.source) == "K1");
  }
  CHECK(keys.fetches == 1);
}

TEST_CASE("keys that work and expire are followed once a second", "[s3]") {
  FileKeys keys;
  keys.expires = keys.clock.wall() + hours(10);
  keys.source->reload();
  keys.source->accepted(*keys.source->get());
  static_cast<void>(keys.dir.write("keys", "K2-longer"));
  CHECK(key_of(*keys.source) == "K1");
  keys.clock.advance(seconds(1));
  CHECK(key_of(*keys.source) == "K2-longer");
  SECTION("and given up again when they are refused, while the old ones last") {
    CHECK(keys.source->refresh(*keys.source->get()));
    CHECK(key_of(*keys.source) == "K1");
    keys.clock.advance(seconds(10));
    CHECK(key_of(*keys.source) == "K1");
  }
  SECTION("and kept when the old ones have expired") {
    keys.clock.advance(hours(11));
    keys.expires = keys.clock.wall() + hours(10);
    CHECK(key_of(*keys.source) == "K2-longer");
    CHECK_FALSE(keys.source->refresh(*keys.source->get()));
  }
}

TEST_CASE("refused keys give way to those of the file, which stay when they are accepted", "[s3]") {
  FileKeys keys;
  const Credentials old = *keys.source->get();
  keys.source->accepted(old);
  CHECK_FALSE(keys.source->has_others(old));
  CHECK_FALSE(keys.source->refresh(old));
  static_cast<void>(keys.dir.write("keys", "K2"));
  CHECK(keys.source->has_others(old));
  CHECK(key_of(*keys.source) == "K1");
  CHECK(keys.source->refresh(old));
  const Credentials next = *keys.source->get();
  CHECK(next.access_key == "K2");
  CHECK(keys.source->refresh(old));  // another thread, refused with the old ones
  CHECK(key_of(*keys.source) == "K2");
  keys.source->accepted(old);  // a reply that is late proves nothing of the new ones
  CHECK(keys.source->has_others(next));
  keys.source->accepted(next);
  CHECK_FALSE(keys.source->has_others(next));
  CHECK_FALSE(keys.source->refresh(next));
  CHECK(key_of(*keys.source) == "K2");
}

TEST_CASE("keys of the file that are refused too give way to those that worked before", "[s3]") {
  const LogLines log(LogLevel::warning);
  FileKeys keys;
  const Credentials old = *keys.source->get();
  keys.source->accepted(old);
  static_cast<void>(keys.dir.write("keys", "K2"));
  CHECK(keys.source->refresh(old));
  CHECK(keys.source->refresh(*keys.source->get()));
  CHECK(key_of(*keys.source) == "K1");
  REQUIRE(log.lines.size() == 1);
  CHECK_THAT(log.lines[0], ContainsSubstring("those that worked before stay in use"));
  // Not again at once, but a store that learns of keys late gets a second chance.
  CHECK_FALSE(keys.source->has_others(old));
  CHECK_FALSE(keys.source->refresh(old));
  keys.clock.advance(seconds(1));
  CHECK(keys.source->refresh(old));
  CHECK(key_of(*keys.source) == "K2");
  SECTION("others that are written meanwhile are tried at once") {
    CHECK(keys.source->refresh(*keys.source->get()));
    static_cast<void>(keys.dir.write("keys", "K3"));
    CHECK(keys.source->refresh(old));
    CHECK(key_of(*keys.source) == "K3");
  }
  SECTION("the file may be put back") {
    static_cast<void>(keys.dir.write("keys", "K1"));
    keys.clock.advance(seconds(1));
    CHECK(key_of(*keys.source) == "K1");
    CHECK_FALSE(keys.source->has_others(old));
  }
}

TEST_CASE("reload tries the keys of the file, though those at hand work", "[s3]") {
  FileKeys keys;
  keys.source->accepted(*keys.source->get());
  static_cast<void>(keys.dir.write("keys", "K2"));
  keys.source->reload();
  CHECK(key_of(*keys.source) == "K2");
  CHECK(keys.source->refresh(*keys.source->get()));
  CHECK(key_of(*keys.source) == "K1");
}

TEST_CASE("a program or service is not asked whether it has other keys", "[s3]") {
  FileKeys keys(true);
  const Credentials used = *keys.source->get();
  keys.source->accepted(used);
  keys.clock.advance(hours(1));
  static_cast<void>(keys.dir.write("keys", "K2"));
  CHECK_FALSE(keys.source->has_others(used));
  CHECK(keys.fetches == 1);
}

TEST_CASE("many threads and a file replaced all the time see whole keys only", "[s3]") {
  FileKeys keys;
  std::atomic<bool> ending = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!ending) {
        const auto got = keys.source->get();
        if (!got || got->access_key.front() != 'K') ++wrong;
        if (got && !keys.source->refresh(*got)) std::this_thread::yield();
      }
    });
  }
  for (int i = 2; i < 100; ++i) {
    std::ofstream(keys.path, std::ios::trunc) << (i % 3 == 0 ? "bad" : "K" + std::to_string(i));
    keys.clock.advance(seconds(1));
  }
  ending = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace pailfs::auth
