// SPDX-License-Identifier: Apache-2.0
#include "auth/credentials_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::seconds;

void write_generation(const TempDir& dir, const std::string& name, const std::string& number) {
  static_cast<void>(dir.write(name + "/AccessKeyId", "AK" + number + "\n"));
  static_cast<void>(dir.write(name + "/AccessKeySecret", "SK" + number));
  static_cast<void>(dir.write(name + "/SecurityToken", "ST" + number + "\n"));
}

TEST_CASE("a directory of keys is read with what it has", "[s3]") {
  const TempDir dir;
  static_cast<void>(dir.write("k/AccessKeyId", "AK\n"));
  const std::string path = dir.path + "/k";
  SECTION("under the names of Alibaba") {
    static_cast<void>(dir.write("k/AccessKeySecret", " SK/+=\r\n"));
  }
  SECTION("under the names of Amazon") {
    static_cast<void>(dir.write("k/SecretAccessKey", "SK/+="));
  }
  auto keys = read_key_directory(path, Caller::current());
  REQUIRE(keys);
  CHECK(keys->access_key == "AK");
  CHECK(keys->secret_key.reveal() == "SK/+=");
  CHECK(keys->session_token.empty());
  CHECK_FALSE(keys->expires);
  CHECK(keys->source == path);
  static_cast<void>(dir.write("k/SecurityToken", "T"));
  static_cast<void>(dir.write("k/Expiration", "2026-11-22T04:00:00Z\n"));
  keys = read_key_directory(path, Caller::current());
  REQUIRE(keys);
  CHECK(keys->session_token.reveal() == "T");
  CHECK(keys->expires == parse_iso8601("2026-11-22T04:00:00Z"));
}

TEST_CASE("a directory that cannot be keys says which file is wrong", "[s3]") {
  const TempDir dir;
  write_generation(dir, "k", "1");
  std::string expected;
  SECTION("no secret") {
    std::filesystem::remove(dir.path + "/k/AccessKeySecret");
    expected = "is a directory without the file AccessKeySecret";
  }
  SECTION("an empty key") {
    static_cast<void>(dir.write("k/AccessKeyId", "\n"));
    expected = "AccessKeyId holds no key";
  }
  SECTION("two lines of token") {
    static_cast<void>(dir.write("k/SecurityToken", "CANARY\nX: y\n"));
    expected = "SecurityToken holds no token";
  }
  SECTION("no date") {
    static_cast<void>(dir.write("k/Expiration", "tomorrow"));
    expected = "Expiration holds no date";
  }
  SECTION("a mode that lets others read") {
    static_cast<void>(dir.write("k/AccessKeySecret", "CANARY", 0644));
    expected = "AccessKeySecret is readable by others (mode 0644). Run: chmod 600";
  }
  const auto keys = read_key_directory(dir.path + "/k", Caller::current());
  REQUIRE_FALSE(keys);
  CHECK_THAT(keys.error().text, ContainsSubstring(expected));
  CHECK(keys.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("a directory flipped by a link, inside or outside, is never read half and half", "[s3]") {
  const TempDir dir;
  const bool inside = GENERATE(true, false);
  write_generation(dir, "g0", "0");
  write_generation(dir, "g1", "1");
  std::filesystem::create_directory(dir.path + "/k");
  const std::string link = dir.path + (inside ? "/k/..data" : "/link");
  const auto flip = [&](int generation) {
    const std::string next = dir.path + "/next";
    const std::string target = dir.path + "/g" + std::to_string(generation % 2);
    return symlink(target.c_str(), next.c_str()) == 0 && rename(next.c_str(), link.c_str()) == 0;
  };
  REQUIRE(flip(0));
  if (inside) {
    for (const char* name : {"AccessKeyId", "AccessKeySecret", "SecurityToken"}) {
      std::filesystem::create_symlink(std::string("..data/") + name, dir.path + "/k/" + name);
    }
  }
  std::atomic<bool> ending = false;
  std::thread flipper([&] {
    for (int i = 1; !ending; ++i) {
      flip(i);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  int read = 0;
  int mixed = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto keys = read_key_directory(inside ? dir.path + "/k" : link, Caller::current());
    if (!keys) continue;
    ++read;
    const std::string number = keys->access_key.substr(2);
    if (keys->secret_key.reveal() != "SK" + number) ++mixed;
    if (keys->session_token.reveal() != "ST" + number) ++mixed;
  }
  ending = true;
  flipper.join();
  CHECK(mixed == 0);
  CHECK(read > 100);
}

TEST_CASE("passwd_file may be a directory, which is followed when its link is flipped", "[s3]") {
  const TempDir dir;
  Machine machine;
  auto config = empty_config(dir);
  write_generation(dir, "g1", "1");
  write_generation(dir, "g2", "2");
  config.passwd_file = dir.path + "/link";
  std::filesystem::create_directory_symlink(dir.path + "/g1", config.passwd_file);
  config.use_session_token = true;
  auto source = machine.find(config);
  REQUIRE(source);
  CHECK(key_of(**source) == "AK1");
  const std::string next = dir.path + "/next";
  std::filesystem::create_directory_symlink(dir.path + "/g2", next);
  REQUIRE(rename(next.c_str(), config.passwd_file.c_str()) == 0);
  machine.clock.advance(seconds(1));
  CHECK(key_of(**source) == "AK2");
  // A directory whose files are replaced.
  std::filesystem::remove(dir.path + "/g2/AccessKeyId");
  machine.clock.advance(seconds(1));
  CHECK(key_of(**source) == "AK2");
  write_generation(dir, "g2", "3");
  machine.clock.advance(seconds(1));
  CHECK(key_of(**source) == "AK3");
  std::filesystem::remove(dir.path + "/g2/SecurityToken");
  CHECK_FALSE((*source)->refresh(*(*source)->get()));
}

TEST_CASE("a passed descriptor is read once, be it a pipe or a file", "[s3]") {
  const TempDir dir;
  Machine machine;
  auto config = empty_config(dir);
  int fd = -1;
  const bool pipe = GENERATE(true, false);
  if (pipe) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    fd = ends[0];
    REQUIRE(::write(ends[1], "AK:SK\n", 6) == 6);
    close(ends[1]);
  } else {
    const std::string path = dir.write("pw", "AK:SK\n");
    fd = open(path.c_str(), O_RDONLY);
    std::filesystem::remove(path);
  }
  config.passwd_file = "/dev/fd/" + std::to_string(fd);
  auto source = machine.find(config);
  close(fd);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  machine.clock.advance(hours(1));
  CHECK(key_of(**source) == "AK");
  CHECK_FALSE((*source)->refresh(*(*source)->get()));
  CHECK(named_descriptor("/dev/stdin") == 0);
  CHECK(named_descriptor("/proc/self/fd/7") == 7);
  CHECK_FALSE(named_descriptor("/dev/fd/x"));
  CHECK_FALSE(named_descriptor("/dev/fd/"));
}

TEST_CASE("a descriptor that nobody closes is not waited for without end", "[s3]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE(::write(ends[1], "AK", 2) == 2);
  const auto file =
      SecretFile::read_descriptor(ends[0], std::chrono::milliseconds(30), "/dev/fd/3");
  close(ends[0]);
  close(ends[1]);
  REQUIRE_FALSE(file);
  CHECK(file.error().err == ETIMEDOUT);
}

}  // namespace
}  // namespace pailfs::auth
